/// Models as CBOR, item by item: [number, next update, [[id, description, status, recalled, [root ...]]
/// ...]].
#include "daemon/ceremony/models_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "common/account.h"
#include "webauthn/cbor.h"
#include "webauthn/certificate.h"
#include "webauthn/credential.h"

namespace passkeyd::wire {
namespace {

constexpr int kSeals = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
constexpr int kSealsNeeded = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW;
constexpr std::size_t kMaxText = 255;
constexpr std::size_t kMaxDate = 10;
constexpr std::size_t kKeyIdentifier = 20;

Error malformed(const char *what) {
  return {ErrorKind::Malformed, std::string("models: ") + what};
}

Bytes encoded(const Metadata &metadata) {
  cbor::Writer writer;
  writer.array(3).integer(metadata.state.number).text(metadata.state.next_update);
  writer.array(metadata.models.size());
  for (const Model &model : metadata.models) {
    writer.array(5).byte_string(model.id).text(model.description).text(model.status);
    writer.integer(model.recalled ? 1 : 0).array(model.roots.size());
    for (const Bytes &root : model.roots) writer.byte_string(root);
  }
  return writer.take();
}

Result<std::string> read_text(cbor::Reader &reader, std::size_t most) {
  const std::optional<std::string_view> text = reader.text();
  if (!text || text->size() > most || !is_printable(*text))
    return malformed("a text is none, or cannot be shown");
  return std::string(*text);
}

Result<bool> read_flag(cbor::Reader &reader) {
  const std::optional<std::int64_t> number = reader.integer();
  if (!number || (*number != 0 && *number != 1)) return malformed("a flag is neither 0 nor 1");
  return *number == 1;
}

Result<Model> read_model(cbor::Reader &reader) {
  if (reader.array() != 5) return malformed("a model has not five parts");
  const std::optional<ByteView> id = reader.byte_string();
  if (!id || (id->size() != Aaguid{}.size() && id->size() != kKeyIdentifier))
    return malformed("an id is none");
  Model model{.id = copy_of(*id)};
  model.description = TRY(read_text(reader, kMaxText));
  model.status = TRY(read_text(reader, kMaxText));
  model.recalled = TRY(read_flag(reader));
  const std::optional<std::size_t> roots = reader.array();
  if (!roots || *roots > kMaxRoots) return malformed("the roots are no list, or too many");
  for (std::size_t at = 0; at < *roots; ++at) {
    const std::optional<ByteView> root = reader.byte_string();
    if (!root || !read_certificate(*root)) return malformed("a root is no certificate");
    model.roots.push_back(copy_of(*root));
  }
  return model;
}

Result<Metadata> decoded(ByteView bytes) {
  cbor::Reader reader(bytes);
  if (reader.array() != 3) return malformed("has not three parts");
  const std::optional<std::int64_t> number = reader.integer();
  if (!number || *number < 0) return malformed("has no number");
  Metadata metadata{{*number, {}}, {}};
  metadata.state.next_update = TRY(read_text(reader, kMaxDate));
  const std::optional<std::size_t> count = reader.array();
  if (!count || *count > Metadata::kMaxModels) return malformed("the models are no list, or too many");
  for (std::size_t at = 0; at < *count; ++at) {
    Model model = TRY(read_model(reader));
    // In the order of their ids, so that none comes twice.
    if (at > 0 && !(metadata.models.back().id < model.id)) return malformed("the models are not in order");
    metadata.models.push_back(std::move(model));
  }
  if (!reader.at_end()) return malformed("something follows");
  return metadata;
}

}  // namespace

Result<Fd> to_models_file(const Metadata &metadata) {
  const Bytes bytes = encoded(metadata);
  if (bytes.size() > kMaxModelsFile) return malformed("are too many");
  Fd file(memfd_create("passkeyd-models", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file) return errno_error("memfd_create", errno);
  for (std::size_t at = 0; at < bytes.size();) {
    const ssize_t written = write(file.get(), bytes.data() + at, bytes.size() - at);
    if (written <= 0) return errno_error("write to memory file", errno);
    at += static_cast<std::size_t>(written);
  }
  if (fcntl(file.get(), F_ADD_SEALS, kSeals) != 0) return errno_error("seal memory file", errno);
  return file;
}

Result<Metadata> from_models_file(const Fd &file) {
  const int seals = fcntl(file.get(), F_GET_SEALS);
  if (seals < 0 || (seals & kSealsNeeded) != kSealsNeeded)
    return malformed("did not come in a sealed memory file");
  struct stat about = {};
  if (fstat(file.get(), &about) != 0) return errno_error("fstat", errno);
  if (about.st_size < 0 || static_cast<std::size_t>(about.st_size) > kMaxModelsFile)
    return malformed("are too many");
  Bytes bytes(static_cast<std::size_t>(about.st_size));
  if (pread(file.get(), bytes.data(), bytes.size(), 0) != about.st_size)
    return Error{ErrorKind::Io, "the memory file could not be read"};
  return decoded(bytes);
}

}  // namespace passkeyd::wire
