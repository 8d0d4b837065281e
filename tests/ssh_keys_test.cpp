/// sk keys as values: lines, blobs, certificates. ssh-keygen judges what is ours to write, and makes what is
/// ours to read.
#include <set>

#include "tests/ssh_kit.h"
#include "webauthn/base64url.h"

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

std::string line_of(const TestKey &key, std::string_view application = "ssh:") {
  return ssh::line_of(ssh_key(key, application));
}

std::optional<ErrorKind> refused(std::string_view line) {
  const Result<ssh::Key> key = ssh::key_from_line(line);
  return key ? std::nullopt : std::optional(key.error().kind);
}

void ssh_keygen_takes_our_lines_and_has_the_same_fingerprint() {
  const Folder folder;
  for (const Algorithm algorithm : kSshAlgorithms) {
    const ssh::Key key = ssh_key(key_of(algorithm), "ssh:work");
    folder.write("key.pub", ssh::line_of(key) + " a comment\n");
    CHECK(folder.runs("ssh-keygen -l -f key.pub"));
    CHECK(folder.read("said").find(ssh::fingerprint(key)) != std::string::npos);
  }
}

void a_line_survives_the_round_trip_and_gives_its_comment() {
  for (const Algorithm algorithm : kSshAlgorithms)
    for (const char *end : {"", "\n", "\r\n"}) {
      std::string comment;
      const ssh::Key key =
          MUST(ssh::key_from_line(line_of(key_of(algorithm)) + " alice at home" + end, &comment));
      CHECK(comment == "alice at home");
      CHECK(ssh::line_of(key) == line_of(key_of(algorithm)));
      CHECK(key.key == (PublicKey{algorithm, key_of(algorithm).cose()}));
      CHECK(key.application.str() == "ssh:" && key.blob == blob_of(key_of(algorithm)));
    }
}

void a_certificate_of_ssh_keygen_stands_for_its_key() {
  const Folder folder;
  CHECK(folder.runs("ssh-keygen -q -t ed25519 -N '' -f authority"));
  for (const Algorithm algorithm : kSshAlgorithms) {
    folder.write("key.pub", line_of(key_of(algorithm)) + "\n");
    CHECK(folder.runs("ssh-keygen -q -s authority -I somebody -n alice key.pub"));
    const std::string line = folder.read("key-cert.pub");
    const ssh::Key key = MUST(ssh::key_from_blob(
        *from_base64(line.substr(line.find(' ') + 1, line.rfind(' ') - line.find(' ') - 1))));
    CHECK(key.blob == ssh_key(key_of(algorithm)).blob);
    CHECK(!key.type.starts_with("sk-ssh-ed25519-cert") && ssh::line_of(key) == line_of(key_of(algorithm)));
  }
}

void a_key_that_can_be_copied_is_not_taken() {
  const Folder folder;
  for (const char *type : {"ed25519", "ecdsa", "rsa"}) {
    const std::string name(type);
    CHECK(folder.runs("ssh-keygen -q -t " + name + " -N '' -f " + name));
    CHECK(refused(folder.read(name + ".pub")) == ErrorKind::Unsupported);
  }
}

void what_is_no_line_of_a_public_key_file_is_refused() {
  const std::string good = line_of(key_of(Algorithm::EdDsa));
  const std::string base64 = good.substr(good.find(' ') + 1);
  for (const std::string &bad :
       {std::string(), std::string(" "), "no-touch-required " + good, "command=\"/bin/sh\" " + good,
        " " + good, good + " x\n" + good, "sk-ecdsa-sha2-nistp256@openssh.com " + base64,
        good.substr(0, good.size() - 3), good + std::string(1, '\0'),
        good + " " + std::string(ssh::kMaxLine, 'x'), std::string("ssh-ed25519 ") + base64,
        std::string("sk-ssh-ed25519@openssh.com")}) {
    const std::optional<ErrorKind> kind = refused(bad);
    CHECK(kind == ErrorKind::InvalidInput || kind == ErrorKind::Unsupported);
  }
}

void an_application_that_is_not_sshs_is_refused() {
  for (const char *application :
       {"", "ssh", "workstation.example", "https://workstation", "ssh: x", "ssh:\n"})
    CHECK(!ssh::key_from_blob(blob_of(key_of(Algorithm::EdDsa), application)));
  CHECK(!ssh::key_from_blob(blob_of(key_of(Algorithm::EdDsa), "ssh:" + std::string(250, 'x'))));
  CHECK(ssh::key_from_blob(blob_of(key_of(Algorithm::EdDsa), "ssh:" + std::string(249, 'x'))));
}

void a_blob_with_one_bit_changed_is_refused_or_another_key() {
  for (const Algorithm algorithm : kSshAlgorithms) {
    const ssh::Key key = ssh_key(key_of(algorithm));
    for (std::size_t at = 0; at < key.blob.size() * 8; ++at) {
      Bytes changed = key.blob;
      changed[at / 8] = static_cast<std::uint8_t>(changed[at / 8] ^ (1U << (at % 8)));
      const Result<ssh::Key> other = ssh::key_from_blob(changed);
      if (!other) continue;
      CHECK(other->blob == changed && ssh::key_hash(other->blob) != ssh::key_hash(key.blob));
    }
  }
}

void a_blob_that_is_cut_short_or_has_more_behind_it_is_refused() {
  for (const Algorithm algorithm : kSshAlgorithms) {
    Bytes blob = blob_of(key_of(algorithm));
    for (std::size_t size = 0; size < blob.size(); ++size)
      CHECK(!ssh::key_from_blob(ByteView(blob).first(size)));
    blob.push_back(0);
    CHECK(!ssh::key_from_blob(blob));
  }
}

void a_stored_key_comes_back_and_only_under_its_own_id() {
  for (const Algorithm algorithm : kSshAlgorithms) {
    const ssh::Key key = ssh_key(key_of(algorithm), "ssh:work");
    Credential stored{.id = ssh::credential_id_of(key, account().name),
                      .key = key.key,
                      .rp_id = key.application,
                      .owner = account()};
    stored.way = Way::Ssh;
    CHECK(MUST(ssh::key_of(stored)).blob == key.blob);
    Credential other = stored;
    other.id.front() ^= 1;
    CHECK(!ssh::key_of(other));
    other = stored;
    other.owner = account("bob");
    CHECK(!ssh::key_of(other));
    other = stored;
    other.way = Way::Usb;
    CHECK(!ssh::key_of(other));
    other = stored;
    other.rp_id = MUST(RpId::of_ssh("ssh:"));
    CHECK(!ssh::key_of(other));
    other = stored;
    other.key.cose.pop_back();
    CHECK(!ssh::key_of(other));
  }
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      TEST(ssh_keygen_takes_our_lines_and_has_the_same_fingerprint),
      TEST(a_line_survives_the_round_trip_and_gives_its_comment),
      TEST(a_certificate_of_ssh_keygen_stands_for_its_key),
      TEST(a_key_that_can_be_copied_is_not_taken),
      TEST(what_is_no_line_of_a_public_key_file_is_refused),
      TEST(an_application_that_is_not_sshs_is_refused),
      TEST(a_blob_with_one_bit_changed_is_refused_or_another_key),
      TEST(a_blob_that_is_cut_short_or_has_more_behind_it_is_refused),
      TEST(a_stored_key_comes_back_and_only_under_its_own_id),
  };
  return cmocka_run_group_tests_name("ssh-keys", tests, nullptr, nullptr);
}
