-- A ledger of schema version 3, as sqlite3's .dump gives it, with the two numbers .dump leaves out: the one of
-- version-2.sql, brought along, with an attested passkey, models, an audit that was pruned once, and another lock.
PRAGMA application_id = 1886086193;
PRAGMA user_version = 3;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE setting (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO setting VALUES('created','1700000000');
INSERT INTO setting VALUES('metadata-next-update','2026-12-01');
INSERT INTO setting VALUES('metadata-number','7');
INSERT INTO setting VALUES('rp-id','workstation');
CREATE TABLE credential (
  row INTEGER PRIMARY KEY AUTOINCREMENT,  -- never given twice: an attempt under way names it
  credential_id BLOB NOT NULL UNIQUE,
  algorithm INTEGER NOT NULL,             -- COSE
  public_key BLOB NOT NULL,               -- COSE_Key
  rp_id TEXT NOT NULL,
  user_name TEXT NOT NULL,
  uid INTEGER NOT NULL,
  way TEXT NOT NULL,
  aaguid BLOB NOT NULL,
  name TEXT NOT NULL,
  device TEXT NOT NULL,
  user_verification INTEGER NOT NULL,
  built_in_uv INTEGER NOT NULL,           -- by the key's own sensor
  backup_eligible INTEGER NOT NULL,
  backed_up INTEGER NOT NULL,
  counter INTEGER NOT NULL,
  max_allow_list INTEGER NOT NULL,
  platform BLOB NOT NULL,                 -- the TPM's wrapped key; empty for others and for tombstones
  state TEXT NOT NULL,
  reason TEXT NOT NULL,                   -- why it is in this state
  changed_by_uid INTEGER NOT NULL,        -- who put it there
  changed_by TEXT NOT NULL,
  created INTEGER NOT NULL,               -- seconds since 1970
  changed INTEGER NOT NULL,
  last_used INTEGER
, user_handle BLOB NOT NULL DEFAULT x'', discoverable INTEGER NOT NULL DEFAULT 0, attestation TEXT NOT NULL DEFAULT 'unknown', attested_by TEXT NOT NULL DEFAULT '', certificates BLOB NOT NULL DEFAULT x'') STRICT;
INSERT INTO credential VALUES(1,X'0101010101010101010101010101010101010101010101010101010101010101',-7,X'0101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101','workstation','alice',1000,'usb',X'01020301000000000000000000000000','key 1','Example Key',1,0,1,1,11,8,X'','active','',1000,'passkeyctl',1700000000,1700000000,1700000060,X'',0,'unknown','',X'');
INSERT INTO credential VALUES(2,X'0202020202020202020202020202020202020202020202020202020202020202',-7,X'0202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202','workstation','alice',1000,'tpm',X'01020302000000000000000000000000','key 2','Example Key',1,0,1,0,10,8,X'020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202','active','',1000,'passkeyctl',1700000000,1700000000,NULL,X'',0,'unknown','',X'');
INSERT INTO credential VALUES(3,X'0303030303030303030303030303030303030303030303030303030303030303',-7,X'0303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303030303','workstation','bob',1001,'usb',X'01020303000000000000000000000000','key 3','Example Key',1,0,1,0,10,8,X'','revoked','lost',1000,'passkeyctl',1700000000,1700000000,NULL,X'',0,'unknown','',X'');
INSERT INTO credential VALUES(4,X'0404040404040404040404040404040404040404040404040404040404040404',-7,X'0404040404040404040404040404040404040404040404040404040404040404040404040404040404040404040404040404040404040404040404040404040404040404040404040404040404','workstation','alice',1000,'usb',X'01020304000000000000000000000000','key 4','Example Key',1,0,1,0,10,8,X'','active','',1000,'passkeyctl',1700000000,1700000000,NULL,X'6868686868686868686868686868686868686868686868686868686868686868',1,'unknown','',X'');
INSERT INTO credential VALUES(5,X'0505050505050505050505050505050505050505050505050505050505050505',-7,X'0505050505050505050505050505050505050505050505050505050505050505050505050505050505050505050505050505050505050505050505050505050505050505050505050505050505','workstation','bob',1001,'usb',X'01020305000000000000000000000000','key 5','Example Key',1,0,1,0,10,8,X'','active','',1000,'passkeyctl',1700000000,1700000000,NULL,X'6969696969696969696969696969696969696969696969696969696969696969',1,'trusted','Example Root',X'300105');
CREATE TABLE limits (
  id INTEGER PRIMARY KEY AUTOINCREMENT,   -- the ticket; never given twice
  user_name TEXT NOT NULL,
  way TEXT NOT NULL,
  place TEXT NOT NULL,
  age INTEGER NOT NULL,                   -- when, by the ledger's own clock (table clock), nanoseconds
  in_a_row INTEGER NOT NULL               -- 1 until a success comes after it
) STRICT;
INSERT INTO limits VALUES(1,'alice','usb','local',3600000000000,1);
CREATE TABLE clock (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  boot_id TEXT NOT NULL,
  boot INTEGER NOT NULL,                  -- CLOCK_BOOTTIME when last looked, nanoseconds
  age INTEGER NOT NULL                    -- running time seen over all boots, nanoseconds
) STRICT;
INSERT INTO clock VALUES(1,'boot-1',3660000000000,3660000000000);
CREATE TABLE backup_code (
  user_name TEXT NOT NULL,
  uid INTEGER NOT NULL,
  number INTEGER NOT NULL,
  hash TEXT NOT NULL,                     -- crypt(5), yescrypt
  created INTEGER NOT NULL,
  spent INTEGER,
  PRIMARY KEY (user_name, uid, number)
) STRICT, WITHOUT ROWID;
INSERT INTO backup_code VALUES('alice',1000,1,'$y$j9T$first$1',1700000000,1700000060);
INSERT INTO backup_code VALUES('alice',1000,2,'$y$j9T$first$2',1700000000,NULL);
INSERT INTO backup_code VALUES('alice',1000,3,'$y$j9T$first$3',1700000000,NULL);
INSERT INTO backup_code VALUES('alice',1000,4,'$y$j9T$first$4',1700000000,NULL);
INSERT INTO backup_code VALUES('alice',1000,5,'$y$j9T$first$5',1700000000,NULL);
INSERT INTO backup_code VALUES('alice',1000,6,'$y$j9T$first$6',1700000000,NULL);
INSERT INTO backup_code VALUES('alice',1000,7,'$y$j9T$first$7',1700000000,NULL);
INSERT INTO backup_code VALUES('alice',1000,8,'$y$j9T$first$8',1700000000,NULL);
INSERT INTO backup_code VALUES('alice',1000,9,'$y$j9T$first$9',1700000000,NULL);
INSERT INTO backup_code VALUES('alice',1000,10,'$y$j9T$first$10',1700000000,NULL);
CREATE TABLE audit (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  time INTEGER NOT NULL,
  event TEXT NOT NULL,
  user_name TEXT NOT NULL,
  uid INTEGER,
  service TEXT NOT NULL,
  way TEXT NOT NULL,
  credential INTEGER,
  credential_id BLOB NOT NULL,
  outcome TEXT NOT NULL,
  reason TEXT NOT NULL,
  caller_uid INTEGER NOT NULL,
  caller_pid INTEGER NOT NULL,
  rhost TEXT NOT NULL,
  hash BLOB NOT NULL                      -- over the hash before and all of the above
) STRICT;
INSERT INTO audit VALUES(4,1700000060,'login','alice',1000,'sudo','usb',1,X'0101010101010101010101010101010101010101010101010101010101010101','granted','',0,4321,'',X'2b10cb1d6af856ae3835b702885993d5bec244d40d44d6199f21c42bc58aa008');
INSERT INTO audit VALUES(5,1700000000,'revoke','bob',1001,'passkeyctl','usb',3,X'0303030303030303030303030303030303030303030303030303030303030303','done','lost',1000,77,'',X'da6a7229e92d67024d131921da0ff7685346a08e63330e47d31b398cb0486a7f');
INSERT INTO audit VALUES(6,1700000000,'enroll','alice',1000,'passkeyctl','usb',4,X'0404040404040404040404040404040404040404040404040404040404040404','done','',1000,77,'',X'4830e30c08b6dc291e78d64474d3316a910b67b8d8ca6481e3611603cb282fce');
INSERT INTO audit VALUES(7,1700000000,'new-codes','alice',1000,'passkeyctl','code',NULL,X'','done','',1000,77,'',X'5764cf9772e1a11eb12888cefe60e3842674b29e5b7354a409fbc272310a8a80');
INSERT INTO audit VALUES(8,1700000060,'login','alice',1000,'sshd','code',NULL,X'','granted','',0,4321,'192.0.2.1',X'5483399723fbc48ee4f5491fa705431a863e4ea3c02c2c9a1376a9dea3b98d2d');
INSERT INTO audit VALUES(9,1700000000,'lock','bob',NULL,'passkeyctl','passkeys',NULL,X'','done','on leave',1000,77,'',X'5b1c793a52f2ecebe33daeede35662633ddd50e05e405e1f0e163f33b4af9d19');
INSERT INTO audit VALUES(10,1700000000,'enroll','bob',1001,'passkeyctl','usb',5,X'0505050505050505050505050505050505050505050505050505050505050505','done','',1000,77,'',X'a47f58ab145b5817c396113a78a8175d80ca20fcbc9800f84ea0adc0837c545a');
INSERT INTO audit VALUES(11,1700000000,'import-metadata','',NULL,'passkeyctl','',NULL,X'','done','number 7, 2 models',1000,77,'',X'8b46ff005aa5760176fb545af97732ba3546146d3aff2456ebdcf688e9cf27c4');
INSERT INTO audit VALUES(12,1700172800,'prune','',NULL,'passkeyctl','',NULL,X'','done','1-3 af7896265ca2fb9ae2ba20e4ce953fb8cd66c73d9c4cb9bc302254c1bfb4f445',1000,77,'',X'52ebb5b1a61f9f99aa144c321fedb840eea424a2c739d0cfbce2fcf850760000');
INSERT INTO audit VALUES(13,1700176400,'lock','carol',NULL,'passkeyctl','all',NULL,X'','done','left',1000,77,'',X'3f7c3752156a5f886f2dc6cdbb399a0be22e3493a4d4789eadc17a59bf9b427a');
CREATE TABLE account_lock (
  user_name TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  reason TEXT NOT NULL,
  locked_by_uid INTEGER NOT NULL,
  locked_by TEXT NOT NULL,
  locked INTEGER NOT NULL                 -- seconds since 1970
) STRICT, WITHOUT ROWID;
INSERT INTO account_lock VALUES('bob','passkeys','on leave',1000,'passkeyctl',1700000000);
INSERT INTO account_lock VALUES('carol','all','left',1000,'passkeyctl',1700176400);
CREATE TABLE model (
  id BLOB PRIMARY KEY,                    -- an AAGUID, or the key identifier of an attestation certificate (U2F)
  description TEXT NOT NULL,
  status TEXT NOT NULL,                   -- the status report that counts
  recalled INTEGER NOT NULL,
  roots BLOB NOT NULL                     -- DER certificates, one after the other
) STRICT, WITHOUT ROWID;
INSERT INTO model VALUES(X'01010101010101010101010101010101','Model 1','REVOKED',1,X'30010130020107');
INSERT INTO model VALUES(X'02020202020202020202020202020202','Model 2','FIDO_CERTIFIED_L1',0,X'30010230020207');
CREATE TABLE audit_base (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  seq INTEGER NOT NULL,                   -- the last row that was pruned; 0: none
  hash BLOB NOT NULL                      -- its hash
) STRICT;
INSERT INTO audit_base VALUES(1,3,X'af7896265ca2fb9ae2ba20e4ce953fb8cd66c73d9c4cb9bc302254c1bfb4f445');
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('credential',5);
INSERT INTO sqlite_sequence VALUES('audit',13);
INSERT INTO sqlite_sequence VALUES('limits',1);
CREATE UNIQUE INDEX credential_name ON credential (user_name, uid, name) WHERE state <> 'revoked';
CREATE INDEX credential_user ON credential (user_name);
CREATE TRIGGER credential_stays BEFORE DELETE ON credential
BEGIN SELECT raise(ABORT, 'credentials are revoked, never deleted'); END;
CREATE TRIGGER credential_tombstone BEFORE UPDATE ON credential WHEN OLD.state = 'revoked'
BEGIN SELECT raise(ABORT, 'a revoked credential never changes'); END;
CREATE INDEX limits_key ON limits (user_name, way, place);
CREATE INDEX audit_user ON audit (user_name);
CREATE TRIGGER audit_in_order BEFORE INSERT ON audit
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM audit)
BEGIN SELECT raise(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
BEGIN SELECT raise(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER credential_identity
BEFORE UPDATE OF row, credential_id, algorithm, public_key, rp_id, user_name, uid, way, user_handle ON credential
BEGIN SELECT raise(ABORT, 'what a credential is never changes'); END;
CREATE INDEX credential_model ON credential (aaguid);
CREATE INDEX audit_time ON audit (time);
CREATE INDEX audit_uid ON audit (uid);
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
WHEN OLD.seq > (SELECT seq FROM audit_base)
BEGIN SELECT raise(ABORT, 'the audit is append-only'); END;
COMMIT;
