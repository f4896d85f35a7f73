#include "config/trust_records.h"

#include <algorithm>
#include <optional>

#include "base/path_text.h"
#include "config/layers.h"
#include "config/table_reader.h"
#include "config/toml_reader.h"
#include "config/toml_text.h"

namespace ambit::config {
namespace {

bool IsDigest(std::string_view text) {
  constexpr std::size_t kDigits = 64;
  return text.size() == kDigits && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

Result<Placed<std::string>> ReadRecord(const TableReader& file) {
  static constexpr std::string_view kKeys[] = {"sha256"};
  AMBIT_CHECK(file.RefuseUnknown(kKeys));
  AMBIT_TRY(auto digest, file.String("sha256"));
  if (digest && IsDigest(digest->value)) return *std::move(digest);
  return Fail(ErrorCode::kInvalidConfig,
              "[" + file.path() +
                  "] has no 'sha256' of 64 lower-case hexadecimal digits; run 'ambit trust' again",
              file.node().where.Ref());
}

}  // namespace

Result<TrustRecords> ReadTrustRecords(const FileView& files, const std::string& path) {
  static constexpr std::string_view kKeys[] = {"files"};
  TrustRecords records;
  AMBIT_TRY(const auto text, ReadOptionalFile(files, path, false));
  if (!text) return records;
  AMBIT_TRY(const Node root, ReadToml(*text, path));
  const TableReader reader(root, "");
  AMBIT_CHECK(reader.RefuseUnknown(kKeys));
  AMBIT_TRY(const auto table, reader.Table("files"));
  if (!table) return records;
  for (const Member& member : table->node().members) {
    AMBIT_TRY(const auto file, table->Table(member.key));
    AMBIT_TRY(records[member.key], ReadRecord(*file));
  }
  return records;
}

std::string RenderTrustRecords(const TrustRecords& records) {
  std::string out =
      "# Written by 'ambit trust' and 'ambit untrust': project files that may be used as long as\n"
      "# they hold what they held when they were trusted.\n";
  for (const auto& [path, digest] : records) {
    out += "\n[files." + TomlKey(path) + "]\nsha256 = " + TomlString(digest.value) + "\n";
  }
  return out;
}

}  // namespace ambit::config
