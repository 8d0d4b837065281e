/// Cbor: the values CTAP2 speaks, read with libcbor and written in CTAP2's canonical form. Only what the
/// protocol uses: no floats, no tags, no indefinite lengths.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "common/bytes.h"

namespace passkeyd::softkey {

class Cbor {
 public:
  using Array = std::vector<Cbor>;
  using Map = std::vector<std::pair<Cbor, Cbor>>;  ///< in any order; encode() sorts

  Cbor() = default;                                                        ///< null
  Cbor(std::int64_t number) : value_(number) {}                            // NOLINT: implicit on purpose
  Cbor(int number) : value_(static_cast<std::int64_t>(number)) {}          // NOLINT
  Cbor(unsigned number) : value_(static_cast<std::int64_t>(number)) {}     // NOLINT
  Cbor(std::size_t number) : value_(static_cast<std::int64_t>(number)) {}  // NOLINT
  Cbor(bool yes) : value_(yes) {}                                          // NOLINT
  Cbor(const char *text) : value_(std::string(text)) {}                    // NOLINT
  Cbor(std::string text) : value_(std::move(text)) {}                      // NOLINT
  Cbor(Bytes bytes) : value_(std::move(bytes)) {}                          // NOLINT
  Cbor(Array items) : value_(std::move(items)) {}                          // NOLINT
  Cbor(Map pairs) : value_(std::move(pairs)) {}                            // NOLINT

  /// Reads one item from the front of `bytes`, which must be used up entirely. nullopt: not well-formed, of a
  /// kind CTAP2 has no use for, nested deeper than 8, or a map with a key twice.
  static std::optional<Cbor> parse(ByteView bytes);

  /// CTAP2 canonical form (CTAP 2.1, section 8): shortest heads, map keys sorted by type, length, bytes.
  [[nodiscard]] Bytes encode() const;

  /// What is held, or nullptr for another kind.
  [[nodiscard]] const std::int64_t *number() const { return std::get_if<std::int64_t>(&value_); }
  [[nodiscard]] const bool *boolean() const { return std::get_if<bool>(&value_); }
  [[nodiscard]] const std::string *text() const { return std::get_if<std::string>(&value_); }
  [[nodiscard]] const Bytes *bytes() const { return std::get_if<Bytes>(&value_); }
  [[nodiscard]] const Array *array() const { return std::get_if<Array>(&value_); }
  [[nodiscard]] const Map *map() const { return std::get_if<Map>(&value_); }

  /// The value under `key`, or nullptr if this is no map or has no such key.
  [[nodiscard]] const Cbor *at(const Cbor &key) const;

  bool operator==(const Cbor &) const = default;

 private:
  std::variant<std::monostate, std::int64_t, bool, std::string, Bytes, Array, Map> value_;
};

}  // namespace passkeyd::softkey
