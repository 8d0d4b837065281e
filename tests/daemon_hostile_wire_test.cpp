/// What a ceremony process says, and what one is asked, is hostile until parsed: whatever is missing, of
/// another type, too long, cut off or damaged does not get in.
#include <functional>
#include <nlohmann/json.hpp>
#include <random>

#include "tests/wire_samples.h"

using namespace passkeyd;
using namespace passkeyd::test;

namespace {

using Json = nlohmann::json;
using Accepts = std::function<bool(const Bytes &)>;

bool is_request(const Bytes &message) {
  return static_cast<bool>(wire::decode_request(message));
}

bool is_event(const Bytes &message) {
  return static_cast<bool>(wire::decode_event(message));
}

/// Every place in `message`: of each map and list, each entry, all the way down.
std::vector<Json::json_pointer> places(const Json &message,
                                       const Json::json_pointer &at = Json::json_pointer()) {
  std::vector<Json::json_pointer> all;
  for (const auto &[key, value] : message.at(at).items()) {
    const Json::json_pointer here = message.at(at).is_array() ? at / std::stoul(key) : at / key;
    all.push_back(here);
    if (!value.is_structured()) continue;
    const std::vector<Json::json_pointer> below = places(message, here);
    all.insert(all.end(), below.begin(), below.end());
  }
  return all;
}

/// Does `change` to each place of each message in turn, where it applies; none may be taken afterwards.
int each_changed(const std::vector<Bytes> &messages, const Accepts &accepts,
                 const std::function<bool(Json &message, const Json::json_pointer &place)> &change) {
  int changed = 0;
  for (const Bytes &message : messages) {
    CHECK(accepts(message));
    const Json good = Json::from_cbor(message);
    for (const Json::json_pointer &place : places(good)) {
      Json bad = good;
      if (!change(bad, place)) continue;
      ++changed;
      if (accepts(Json::to_cbor(bad)))
        fail_at(__FILE__, __LINE__, place.to_string() + " changed, and taken: " + bad.dump());
    }
  }
  return changed;
}

void each_must_be_refused(const std::function<bool(Json &message, const Json::json_pointer &place)> &change) {
  CHECK(each_changed(requests(), is_request, change) > 0);
  CHECK(each_changed(events(), is_event, change) > 0);
}

void a_message_without_one_of_its_fields_is_refused() {
  each_must_be_refused([](Json &message, const Json::json_pointer &place) {
    Json &around = message.at(place.parent_pointer());
    if (!around.is_object()) return false;
    around.erase(place.back());
    return true;
  });
}

void a_field_of_another_type_is_refused() {
  const Json others[] = {nullptr, 1.5, Json::array({Json::object()}), Json::object(), true,
                         "text",  7,   Json::binary({1, 2, 3})};
  for (const Json &other : others)
    each_must_be_refused([&](Json &message, const Json::json_pointer &place) {
      Json &value = message.at(place);
      if (value.type() == other.type() || (value.is_number_integer() && other.is_number_integer()))
        return false;
      value = other;
      return true;
    });
}

void a_field_that_is_too_long_or_out_of_range_is_refused() {
  each_must_be_refused([](Json &message, const Json::json_pointer &place) {
    Json &value = message.at(place);
    if (value.is_string()) value = std::string(5000, 'x');
    if (value.is_binary()) value = Json::binary(some(17 * 1024));
    if (value.is_number_integer()) value = UINT64_MAX;
    if (value.is_array()) value = Json(300, value.empty() ? Json() : value.front());
    return !value.is_boolean() && !value.is_object();
  });
  each_must_be_refused([](Json &message, const Json::json_pointer &place) {
    if (!message.at(place).is_number_integer()) return false;
    message.at(place) = -1;
    return true;
  });
}

void a_user_handle_has_at_most_64_bytes() {
  const auto with_handle = [](std::size_t size) {
    const Assertion assertion{some(20), some(37), some(70), "{}", some(size)};
    return is_event(wire::encode(wire::Event(wire::Proved{assertion}))) &&
           is_event(wire::encode(wire::Event(wire::Discovered{{assertion}})));
  };
  CHECK(with_handle(0) && with_handle(64) && !with_handle(65));
}

void a_key_names_at_most_so_many_accounts() {
  const auto with_accounts = [](std::size_t count) {
    const Assertion assertion{some(20), some(37), some(70), "{}", some(64)};
    return is_event(wire::encode(wire::Event(wire::Discovered{std::vector(count, assertion)})));
  };
  CHECK(with_accounts(0) && with_accounts(wire::kMaxDiscovered) && !with_accounts(wire::kMaxDiscovered + 1));
}

bool both_take(const std::vector<CodeHash> &codes) {
  const bool request = is_request(wire::encode(wire::Request(wire::CheckCode{codes})));
  const bool event = is_event(wire::encode(wire::Event(wire::CodesMade{codes})));
  CHECK(request == event);
  return request;
}

void backup_codes_come_by_number_once_each() {
  std::vector<CodeHash> codes;
  CHECK(both_take(codes));
  for (int number = 1; number <= BackupCode::kCount; ++number) codes.push_back(code_hash(number));
  CHECK(both_take(codes));
  codes.push_back(code_hash(1));
  CHECK(!both_take(codes));
  CHECK(!both_take({code_hash(3), code_hash(3)}));
  CHECK(!both_take({code_hash(0)}) && !both_take({code_hash(11)}));
  const auto checked = [](int number) {
    return is_event(wire::encode(wire::Event(wire::CodeChecked{number})));
  };
  CHECK(!checked(0) && checked(1) && checked(10) && !checked(11));
}

void only_a_hash_that_yescrypt_can_have_made_is_taken() {
  const std::string good = code_hash(1).hash;
  CHECK(both_take({{1, good}}));
  for (const std::string &bad : {std::string(), std::string("*0"), "$6$" + good.substr(3), good + "\n",
                                 good + ":", " " + good, "$y$" + std::string(126, 'x')})
    CHECK(!both_take({{1, bad}}));
}

void a_credential_is_never_proved_by_way_of_a_code() {
  const wire::Prove sent{Way::Code, {}, {MUST(RpId::parse("host"))}};
  CHECK(!is_request(wire::encode(wire::Request(sent))));
}

void a_message_that_nests_too_deep_is_refused_before_it_is_built() {
  Bytes deep(100'000, 0x81);  // an array of one array of one array ...
  deep.back() = 0x80;
  CHECK(!wire::decode_event(deep));
  CHECK(!wire::decode_request(deep));
}

void oversized_parts_are_refused() {
  wire::Prove sent{Way::Usb, {std::string(5000, 'x'), ""}, {MUST(RpId::parse("host"))}};
  CHECK(!wire::decode_request(wire::encode(wire::Request(sent))));
  const Assertion big{some(20), some(17 * 1024), some(70), "{}"};
  CHECK(!wire::decode_event(wire::encode(wire::Event(wire::Proved{big}))));
}

void every_truncation_is_refused() {
  for (const Bytes &whole : events()) {
    for (std::size_t length = 0; length < whole.size(); ++length)
      CHECK(!wire::decode_event(ByteView(whole).first(length)));
    Bytes longer = whole;
    longer.push_back(0);
    CHECK(!wire::decode_event(longer));
  }
}

void random_damage_never_crashes() {
  std::vector<Bytes> whole = events();
  for (const Bytes &request : requests()) whole.push_back(request);
  std::mt19937 random(20261121);  // NOLINT(cert-msc51-cpp): the same damage in every run
  for (std::size_t round = 0; round < 50'000; ++round) {
    Bytes damaged = whole[round % whole.size()];
    for (unsigned changes = 1 + random() % 4; changes > 0; --changes)
      damaged[random() % damaged.size()] = static_cast<std::uint8_t>(random());
    (void)wire::decode_event(damaged);
    (void)wire::decode_request(damaged);
  }
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      TEST(a_message_without_one_of_its_fields_is_refused),
      TEST(a_field_of_another_type_is_refused),
      TEST(a_field_that_is_too_long_or_out_of_range_is_refused),
      TEST(a_user_handle_has_at_most_64_bytes),
      TEST(a_key_names_at_most_so_many_accounts),
      TEST(backup_codes_come_by_number_once_each),
      TEST(only_a_hash_that_yescrypt_can_have_made_is_taken),
      TEST(a_credential_is_never_proved_by_way_of_a_code),
      TEST(a_message_that_nests_too_deep_is_refused_before_it_is_built),
      TEST(oversized_parts_are_refused),
      TEST(every_truncation_is_refused),
      TEST(random_damage_never_crashes),
  };
  return cmocka_run_group_tests_name("hostile ceremony wire", tests, nullptr, nullptr);
}
