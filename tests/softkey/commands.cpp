/// A table from first words to functions.
#include "tests/softkey/commands.h"

namespace passkeyd::softkey {
namespace {

struct Scene {
  const Control::Words &words;
  SoftKey &key;
  const StateFile &storage;
  bool connected;
  Moment now;
  bool &quit;

  [[nodiscard]] std::string word(std::size_t at) const {
    return at < words.size() ? words[at] : std::string();
  }
};
using Reply = std::optional<Control::Answer>;

Reply good(std::string text = {}) {
  return Control::Answer{true, std::move(text)};
}
Reply bad(std::string text) {
  return Control::Answer{false, std::move(text)};
}

const std::pair<const char *, Touch> kTouches[] = {
    {"auto", Touch::Auto}, {"wait", Touch::Wait}, {"deny", Touch::Deny}, {"timeout", Touch::Timeout}};

Reply touch(const Scene &scene) {
  const std::string how = scene.word(1);
  if (how == "press") return scene.key.press(scene.now) ? good() : bad("the key is not blinking");
  if (how == "refuse") return scene.key.refuse(scene.now) ? good() : bad("the key is not blinking");
  for (const auto &[name, touch] : kTouches)
    if (how == name) {
      scene.key.set_touch(touch, scene.now);
      return good();
    }
  return bad("touch auto|wait|deny|timeout|press|refuse");
}

Reply knob(const Scene &scene) {
  if (scene.words.size() == 2 && scene.word(1) == "reset") {
    scene.key.knobs = Knobs();
    return good();
  }
  if (scene.words.size() == 1) return good(Knobs::names());
  if (scene.words.size() != 3) return bad("knob [NAME VALUE | reset]");
  return scene.key.knobs.set(scene.word(1), scene.word(2)) ? good() : bad("no such knob or value");
}

Reply attest(const Scene &scene) {
  using Format = Attesting::Format;
  constexpr const char *kUsage = "attest self|none|packed FILE|u2f FILE [AAGUID in hexadecimal]";
  const std::string how = scene.word(1);
  const bool certified = how == "packed" || how == "u2f";
  if (!certified && how != "self" && how != "none") return bad(kUsage);
  Attesting attesting;
  attesting.format = how == "packed" ? Format::Packed
                     : how == "u2f"  ? Format::U2f
                     : how == "none" ? Format::None
                                     : Format::Self;
  if (certified && !attesting.read(scene.word(2))) return bad("no P-256 key with certificates in that file");
  const std::string aaguid = scene.word(certified ? 3 : 2);
  const std::optional<Bytes> bytes = from_hex(aaguid);
  if (!bytes || (!bytes->empty() && bytes->size() != std::size(kAaguid))) return bad(kUsage);
  attesting.aaguid = *bytes;
  scene.key.knobs.attesting = std::move(attesting);
  return good();
}

std::string count_lines(const Counts &counts) {
  std::string out;
  const auto line = [&](const std::string &name, int number) {
    out += name + " " + std::to_string(number) + "\n";
  };
  line("total", counts.total());
  line("init", counts.init);
  line("ping", counts.ping);
  line("cbor", counts.cbor);
  line("wink", counts.wink);
  line("cancel", counts.cancel);
  line("error", counts.error);
  for (const auto &[command, number] : counts.commands) line(command_name(command), number);
  for (const auto &[subcommand, number] : counts.pin_subcommands)
    line("clientPIN." + std::to_string(subcommand), number);
  return out;
}

Reply count(const Scene &scene) {
  const std::string which = scene.word(1);
  if (which == "reset") {
    scene.key.counts = Counts();
    return good();
  }
  const std::string lines = count_lines(scene.key.counts);
  if (which.empty()) return good(lines);
  const std::string all = "\n" + lines;
  const std::size_t at = all.find("\n" + which + " ");
  if (at == std::string::npos) return good("0");
  const std::size_t from = at + which.size() + 2;
  return good(all.substr(from, all.find('\n', from) - from));
}

Reply pin_tries(const Scene &scene) {
  return good(std::to_string(scene.storage.state.pin_tries));
}

Reply uv_tries(const Scene &scene) {
  return good(std::to_string(scene.storage.state.uv_tries));
}

Reply wait(const Scene &scene) {
  const std::string what = scene.word(1);
  bool there = false;
  if (what == "blinking")
    there = scene.key.blinking();
  else if (what == "idle")
    there = scene.key.idle();
  else if (what == "plugged")
    there = scene.connected;
  else if (what == "unplugged")
    there = !scene.connected;
  else
    return bad("wait blinking|idle|plugged|unplugged");
  return there ? good() : std::nullopt;
}

Reply state(const Scene &scene) {
  std::string out = scene.connected ? "plugged\n" : "unplugged\n";
  out += scene.key.blinking() ? "blinking\n" : scene.key.idle() ? "idle\n" : "busy\n";
  for (const auto &[name, touch] : kTouches)
    if (touch == scene.key.touch()) out += std::string("touch ") + name + "\n";
  const State &stored = scene.storage.state;
  out += std::string("pin ") + (stored.pin_hash.empty() ? "unset" : "set") + "\n";
  out += "pin-tries " + std::to_string(stored.pin_tries) + "\n";
  out += "uv-tries " + std::to_string(stored.uv_tries) + "\n";
  out += "counter " + std::to_string(stored.counter) + "\n";
  out += "residents " + std::to_string(stored.residents.size()) + "\n";
  return good(out + scene.key.knobs.describe());
}

Reply quit(const Scene &scene) {
  scene.quit = true;
  return good();
}

const std::pair<const char *, Reply (*)(const Scene &)> kCommands[] = {
    {"touch", touch}, {"knob", knob},   {"count", count}, {"pin-tries", pin_tries}, {"uv-tries", uv_tries},
    {"wait", wait},   {"state", state}, {"quit", quit},   {"attest", attest},
};

}  // namespace

std::optional<Control::Answer> carry_out(const Control::Words &words, SoftKey &key, const StateFile &storage,
                                         bool connected, Moment now, bool &quit) {
  const Scene scene{words, key, storage, connected, now, quit};
  std::string known;
  for (const auto &[name, command] : kCommands) {
    if (!words.empty() && words[0] == name) return command(scene);
    known += std::string(known.empty() ? "" : ", ") + name;
  }
  return bad("commands: " + known);
}

}  // namespace passkeyd::softkey
