/// Ceremony messages to test with: one of each, all fields filled.
#pragma once

#include <vector>

#include "daemon/ceremony/wire.h"

#include "tests/check.h"  // last: CMocka defines words that <ios> uses

namespace passkeyd::test {

inline Bytes some(std::size_t count) {
  Bytes bytes(count);
  for (std::size_t at = 0; at < count; ++at) bytes[at] = static_cast<std::uint8_t>(at * 7);
  return bytes;
}

/// A hash as libcrypt makes them, of a code that nobody has.
inline CodeHash code_hash(int number) {
  return {number, "$y$j9T$CrE/XhBq35M.rPVg1rsnC1$tyAlB2rRo4CDQ1eMMYgZfBzZmQpl09q1Er2iU4t9UU1"};
}

inline std::vector<Bytes> requests() {
  const KeyInfo key{"/dev/hidraw3", "Blue key", 0x1050, 0x407};
  const RpId rp = MUST(RpId::parse("host.example"));
  wire::Prove prove{Way::Usb, key, {rp, "{}", UserVerification::Required, {{some(64), some(300), 8}}}};
  wire::Enroll enroll{Way::Usb, key, {rp, "{}", UserVerification::Required, "alice", some(64), {some(64)}}};
  enroll.request.discoverable = true;
  std::vector<Bytes> all;
  for (const wire::Request &one : std::initializer_list<wire::Request>{
           wire::LookUpAccount{"alice"}, wire::NameHost{}, wire::DescribeKey{key},
           wire::ProbeKey{key, "host.example", {some(64)}}, wire::AskTpm{"device:/dev/tpmrm0"}, prove, enroll,
           wire::Discover{key, "host.example", "{}"}, wire::ChangePin{"device:/dev/tpmrm0", some(300)},
           wire::Activate{"device:/dev/tpmrm0", EndorsementKind::EccP384High, {some(80), some(100)}},
           wire::ExamineTpm{"device:/dev/tpmrm0", {some(600), some(601)}}, wire::MakeCodes{},
           wire::CheckCode{{code_hash(1), code_hash(10)}}, wire::CheckCode{{}, true},
           wire::ReadMetadata{{some(64), some(600)}, WallTime(std::chrono::seconds(1'800'000'000))},
           wire::ListAgentKeys{{some(32), some(33)}, std::chrono::milliseconds(3000)},
           wire::SignByAgent{some(74), some(116), std::chrono::milliseconds(30'000)}})
    all.push_back(wire::encode(one));
  return all;
}

inline std::vector<Bytes> events() {
  const Assertion assertion{some(20), some(37), some(70), "{}", some(64)};
  const Registration registration{"packed", some(200), some(80), "{}", "Blue key", 8, some(300)};
  Registration proven = registration;
  proven.proof = PlatformProof{some(88),   some(88), some(150), some(70), EndorsementKind::Rsa2048,
                               some(1000), some(65), "no"};
  const wire::TpmExamined tpm{"IBM", "SW TPM", "1.2.3.4", true,  true, true, true, true, 1,
                              32,    600,      86400,     "fit", 1,    2,    3,    4};
  std::vector<Bytes> all;
  for (const wire::Event &one :
       std::initializer_list<wire::Event>{Error{ErrorKind::PinWrong, "no"},
                                          wire::TouchCue{},
                                          wire::VerifyCue{},
                                          wire::AccountFound{1000, "alice"},
                                          wire::KeyDescribed{true, true},
                                          wire::KeyProbed{true},
                                          wire::TpmHasRoom{},
                                          wire::Proved{},
                                          wire::Proved{assertion},
                                          wire::Enrolled{registration},
                                          wire::Enrolled{proven},
                                          wire::Activated{some(32)},
                                          tpm,
                                          wire::Discovered{{assertion, assertion}},
                                          wire::PinChanged{some(300)},
                                          wire::CodesMade{{code_hash(1), code_hash(10)}},
                                          wire::CodeChecked{},
                                          wire::CodeChecked{10},
                                          wire::MetadataRead{},
                                           wire::HostNamed{"host.example"},
                                          wire::AgentKeysListed{{some(32), some(33)}},
                                          wire::AgentSigned{some(120)}})
    all.push_back(wire::encode(one));
  return all;
}

}  // namespace passkeyd::test
