/// The file is one CBOR map; names say what is what.
#include "tests/softkey/state.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace passkeyd::softkey {
namespace {

Cbor to_cbor(const State &state) {
  Cbor::Array residents;
  for (const Resident &one : state.residents)
    residents.push_back(Cbor::Map{{"id", one.id},
                                  {"rp", one.rp_id},
                                  {"rpName", one.rp_name},
                                  {"user", one.user_id},
                                  {"userName", one.user_name},
                                  {"userDisplayName", one.user_display_name}});
  return Cbor::Map{{"secret", state.secret},    {"counter", static_cast<std::int64_t>(state.counter)},
                   {"pinHash", state.pin_hash}, {"pinTries", state.pin_tries},
                   {"uvTries", state.uv_tries}, {"residents", residents}};
}

/// Reads members of a map; remembers if one was missing or of the wrong kind.
struct Reader {
  const Cbor &map;
  bool good = true;

  std::int64_t number(const char *name) {
    const Cbor *value = map.at(name);
    if (value && value->number()) return *value->number();
    good = false;
    return 0;
  }
  Bytes bytes(const char *name) {
    const Cbor *value = map.at(name);
    if (value && value->bytes()) return *value->bytes();
    good = false;
    return {};
  }
  std::string text(const char *name) {
    const Cbor *value = map.at(name);
    if (value && value->text()) return *value->text();
    good = false;
    return {};
  }
};

std::optional<State> from_cbor(const Cbor &map) {
  Reader reader{map};
  State state;
  state.secret = reader.bytes("secret");
  state.counter = static_cast<std::uint32_t>(reader.number("counter"));
  state.pin_hash = reader.bytes("pinHash");
  state.pin_tries = static_cast<int>(reader.number("pinTries"));
  state.uv_tries = static_cast<int>(reader.number("uvTries"));
  const Cbor *residents = map.at("residents");
  if (!reader.good || state.secret.size() != 32 || !residents || !residents->array()) return std::nullopt;
  for (const Cbor &row : *residents->array()) {
    Reader one{row};
    state.residents.push_back({one.bytes("id"), one.text("rp"), one.text("rpName"), one.bytes("user"),
                               one.text("userName"), one.text("userDisplayName")});
    if (!one.good) return std::nullopt;
  }
  return state;
}

}  // namespace

void State::set_pin(std::string_view pin) {
  pin_hash = sha256(bytes_of(pin));
  pin_hash.resize(16);
  pin_tries = kPinTries;
}

Result<StateFile> StateFile::open(std::string path) {
  StateFile file(std::move(path));
  if (file.path_.empty()) return file;
  std::ifstream stream(file.path_, std::ios::binary);
  if (!stream) {
    if (errno != ENOENT) return errno_error("open " + file.path_, errno);
    file.save();
    return file;
  }
  const std::string content((std::istreambuf_iterator<char>(stream)), {});
  const auto map = Cbor::parse(bytes_of(content));
  const auto state = map ? from_cbor(*map) : std::nullopt;
  if (!state) return Error{ErrorKind::Corrupt, file.path_ + " is not a softkey's state"};
  file.state = *state;
  return file;
}

void StateFile::save() const {
  if (path_.empty()) return;
  const Bytes bytes = to_cbor(state).encode();
  const std::string fresh = path_ + ".new";
  const mode_t old_mask = umask(077);
  std::ofstream stream(fresh, std::ios::binary | std::ios::trunc);
  umask(old_mask);
  stream.write(reinterpret_cast<const char *>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  stream.close();
  if (!stream || std::rename(fresh.c_str(), path_.c_str()) != 0)
    throw std::runtime_error("cannot write " + path_);
}

}  // namespace passkeyd::softkey
