/// What of the metadata concerns us: which model, what it is called, what its attestations lead to, whether
/// to fear it.
#include "webauthn/metadata_payload.h"

#include <algorithm>
#include <map>

#include "common/account.h"
#include "webauthn/base64url.h"
#include "webauthn/certificate.h"
#include "webauthn/credential.h"
#include "webauthn/json.h"

namespace passkeyd {
namespace {

using Json = nlohmann::json;

/// The Alliance's nests nine deep and has some hundred values a model.
constexpr JsonBounds kBounds{16, 1'000'000};
constexpr std::size_t kMaxText = 255;
constexpr std::size_t kMaxIds = 256;        ///< of one entry
constexpr std::size_t kMaxModelRoots = 64;  ///< of one entry
constexpr std::size_t kKeyIdentifier = 20;  ///< bytes of a SHA-1

constexpr std::string_view kRecalls[] = {"REVOKED", "USER_VERIFICATION_BYPASS", "ATTESTATION_KEY_COMPROMISE",
                                         "USER_KEY_REMOTE_COMPROMISE", "USER_KEY_PHYSICAL_COMPROMISE"};

Error malformed(const char *what) {
  return {ErrorKind::Malformed, std::string("metadata: ") + what};
}

/// For people: cut to kMaxText bytes between characters, and replaced if it cannot be shown on one line.
std::string shown(std::string text) {
  if (text.size() > kMaxText) {
    std::size_t end = kMaxText;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    text.resize(end);
  }
  return is_printable(text) ? text : "(unprintable)";
}

/// "2026-12-01".
bool is_date(std::string_view text) {
  constexpr std::string_view kForm = "dddd-dd-dd";
  return text.size() == kForm.size() &&
         std::equal(text.begin(), text.end(), kForm.begin(),
                    [](char c, char form) { return form == 'd' ? c >= '0' && c <= '9' : c == form; });
}

Result<std::vector<Bytes>> ids_of(const Json &entry) {
  std::vector<Bytes> ids;
  if (const std::string *text = text_in(entry, "aaguid")) {
    const std::optional<Aaguid> aaguid = aaguid_of(*text);
    if (!aaguid) return malformed("an AAGUID is none");
    // All zeros is what keys say that do not name their model: nothing may be known of that.
    if (*aaguid != Aaguid{}) ids.emplace_back(aaguid->begin(), aaguid->end());
  } else if (entry.contains("aaguid")) {
    return malformed("an AAGUID is no text");
  }
  const Json *list = array_in(entry, "attestationCertificateKeyIdentifiers");
  if (list == nullptr) return ids;
  if (list->size() > kMaxIds) return malformed("a model has too many key identifiers");
  for (const Json &each : *list) {
    const auto *text = each.get_ptr<const std::string *>();
    std::optional<Bytes> id = text == nullptr ? std::nullopt : from_hex(*text);
    if (!id || id->size() != kKeyIdentifier) return malformed("a key identifier is none");
    ids.push_back(std::move(*id));
  }
  return ids;
}

struct Report {
  std::string status;
  std::string since;  ///< effectiveDate; one without a date holds now
  bool recalls = false;
};

/// The report that counts. Errors: Malformed, for a report that cannot be read might be a warning.
Result<Report> report_of(const Json &entry) {
  constexpr const char *kNow = "9999-99-99";
  const Json *reports = array_in(entry, "statusReports");
  if (reports == nullptr) return malformed("a model has no status reports");
  Report counts;
  for (const Json &each : *reports) {
    const std::string *status = text_in(each, "status");
    if (status == nullptr) return malformed("a status report has no status");
    const std::string *since = text_in(each, "effectiveDate");
    const bool recalls = std::ranges::find(kRecalls, *status) != std::end(kRecalls);
    Report report{shown(*status), since == nullptr ? kNow : *since, recalls};
    if (std::pair(report.recalls, report.since) >= std::pair(counts.recalls, counts.since))
      counts = std::move(report);
  }
  return counts;
}

/// A root that is no certificate makes nothing trusted, and keeps no other model's from being read.
std::vector<Bytes> roots_of(const Json &statement) {
  std::vector<Bytes> roots;
  const Json *list = array_in(statement, "attestationRootCertificates");
  if (list == nullptr) return roots;
  for (const Json &each : *list) {
    const auto *text = each.get_ptr<const std::string *>();
    std::optional<Bytes> der = text == nullptr ? std::nullopt : from_base64(*text);
    if (!der || !read_certificate(*der) || roots.size() == kMaxModelRoots) continue;
    if (std::ranges::find(roots, *der) == roots.end()) roots.push_back(std::move(*der));
  }
  return roots;
}

Result<Model> model_of(const Json &entry) {
  Report report = TRY(report_of(entry));
  Model model{.id = {}, .status = std::move(report.status), .recalled = report.recalls};
  if (const Json *statement = object_in(entry, "metadataStatement")) {
    if (const std::string *text = text_in(*statement, "description")) model.description = shown(*text);
    model.roots = roots_of(*statement);
  }
  return model;
}

/// Two entries for one id.
void take_together(Model &model, const Model &other) {
  if (other.recalled && !model.recalled) model.status = other.status;
  model.recalled = model.recalled || other.recalled;
  for (const Bytes &root : other.roots)
    if (model.roots.size() < kMaxModelRoots && std::ranges::find(model.roots, root) == model.roots.end())
      model.roots.push_back(root);
}

}  // namespace

Result<Metadata> metadata_of(std::string_view payload) {
  const Json object = parse_bounded(payload, kBounds);
  if (!object.is_object()) return malformed("is no JSON object, or nests too deep, or has too many values");
  const auto number = object.find("no");
  const std::string *next = text_in(object, "nextUpdate");
  const Json *entries = array_in(object, "entries");
  if (number == object.end() || !number->is_number_unsigned() || number->get<std::uint64_t>() > INT64_MAX)
    return malformed("has no number");
  if (next == nullptr || !is_date(*next)) return malformed("does not say when the next update is due");
  if (entries == nullptr) return malformed("has no entries");

  std::map<Bytes, Model> models;
  for (const Json &entry : *entries) {
    const std::vector<Bytes> ids = TRY(ids_of(entry));
    if (ids.empty()) continue;
    Model model = TRY(model_of(entry));
    for (const Bytes &id : ids) {
      model.id = id;
      const auto [known, is_new] = models.try_emplace(id, model);
      if (!is_new) take_together(known->second, model);
    }
    if (models.size() > Metadata::kMaxModels) return malformed("has too many models");
  }
  Metadata metadata{{number->get<std::int64_t>(), *next}, {}};
  for (auto &[id, model] : models) metadata.models.push_back(std::move(model));
  return metadata;
}

}  // namespace passkeyd
