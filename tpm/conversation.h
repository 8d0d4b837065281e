/// Conversation: ESYS on a line of its own, for one operation. What it made in the TPM is gone when it is.
/// (tpm2-tss leaves a context unusable after I/O and integrity errors, so none is used twice.)
#pragma once

#include <tss2/tss2_esys.h>

#include <memory>
#include <string>

#include "common/bytes.h"
#include "common/handle.h"
#include "common/result.h"
#include "common/secret.h"
#include "tpm/areas.h"
#include "tpm/errors.h"
#include "tpm/line.h"
#include "webauthn/hash.h"

namespace passkeyd::tpm {

/// What ESYS hands out in memory of its own.
template <class T>
struct EsysFree {
  void operator()(T *memory) const { Esys_Free(memory); }
};
template <class T>
using FromEsys = std::unique_ptr<T, EsysFree<T>>;

/// A session or a loaded key: flushed when it goes, unless closing the line does that for it.
class Transient {
 public:
  Transient(ESYS_CONTEXT *esys, ESYS_TR object, bool freed_on_close)
      : esys_(esys), object_(object), freed_on_close_(freed_on_close) {}
  Transient(Transient &&other) noexcept;
  Transient &operator=(Transient &&) = delete;
  Transient(const Transient &) = delete;
  Transient &operator=(const Transient &) = delete;
  ~Transient();

  [[nodiscard]] ESYS_TR get() const { return object_; }
  /// The TPM has ended it already.
  void ended() { object_ = ESYS_TR_NONE; }

 private:
  ESYS_CONTEXT *esys_;
  ESYS_TR object_;
  bool freed_on_close_;
};

/// What one command does to the session that authorizes it.
enum class Then { Continue, End };
enum class Parameter { Plain, Encrypted };  ///< Encrypted: the command's first parameter, by AES-128-CFB

class Conversation {
 public:
  /// Sends nothing. Errors: those of `connect`, and Internal.
  static Result<Conversation> open(const Connect &connect);

  Conversation(Conversation &&) = default;

  /// The persistent key under its handle, known by its pinned public area. No command.
  Result<ESYS_TR> refer_to(const Parent &parent);

  /// An HMAC session, salted to `parent` and not bound. One command.
  Result<Transient> start_session(ESYS_TR parent);

  /// One command each; `session` authorizes it. `auth`: what the person's PIN became.
  Result<Transient> load(ESYS_TR parent, Transient &session, const TPM2B_PRIVATE &wrapped,
                         const TPM2B_PUBLIC &area, const Secret &auth);
  Result<Bytes> sign(const Transient &key, Transient &session, const Sha256 &digest, Then then = Then::End);
  /// The statement of `witness`, which needs no password, that `key` is in this TPM, over `subject`.
  struct Certified {
    Bytes statement;  ///< TPMS_ATTEST
    Bytes signature;  ///< DER
  };
  Result<Certified> certify(const Transient &key, const Transient &witness, Transient &session,
                            const Sha256 &subject);
  struct Made {
    TPM2B_PRIVATE wrapped;
    TPM2B_PUBLIC area;
  };
  Result<Made> create(ESYS_TR parent, Transient &session, const Secret &auth);
  Result<TPM2B_PRIVATE> change_auth(const Transient &key, ESYS_TR parent, Transient &session,
                                    const Secret &new_auth);

  /// For what only one place needs. Owned by this.
  [[nodiscard]] ESYS_CONTEXT *esys() const { return esys_.get(); }
  [[nodiscard]] Transient adopt(ESYS_TR object) const {
    return {esys_.get(), object, adapter_->line->frees_on_close()};
  }

 private:
  /// The Line as the TCTI that ESYS wants.
  struct Adapter : TSS2_TCTI_CONTEXT_COMMON_V2 {
    Adapter() : TSS2_TCTI_CONTEXT_COMMON_V2() {}

    static Adapter *of(TSS2_TCTI_CONTEXT *tcti) {
      return static_cast<Adapter *>(reinterpret_cast<TSS2_TCTI_CONTEXT_COMMON_V2 *>(tcti));
    }
    TSS2_TCTI_CONTEXT *opaque() {
      return reinterpret_cast<TSS2_TCTI_CONTEXT *>(static_cast<TSS2_TCTI_CONTEXT_COMMON_V2 *>(this));
    }

    std::unique_ptr<Line> line;
    Bytes answer;  // received, and not yet fetched
  };
  static TSS2_RC transmit(TSS2_TCTI_CONTEXT *tcti, std::size_t size, const std::uint8_t *command);
  static TSS2_RC receive(TSS2_TCTI_CONTEXT *tcti, std::size_t *size, std::uint8_t *answer, std::int32_t wait);
  static void finalize(ESYS_CONTEXT *esys) { Esys_Finalize(&esys); }

  Conversation() = default;
  TSS2_RC prepare(Transient &session, Then then, Parameter parameter);

  std::unique_ptr<Adapter> adapter_;  // closed last
  Handle<ESYS_CONTEXT, finalize> esys_;
};

/// An ECDSA signature of the TPM as DER (RFC 3279 section 2.2.3). Errors: Malformed for another algorithm or
/// numbers of more than 32 bytes.
Result<Bytes> der_of(const TPMT_SIGNATURE &signature);

}  // namespace passkeyd::tpm
