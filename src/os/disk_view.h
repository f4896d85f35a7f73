#pragma once

#include "base/file_view.h"

namespace ambit::os {

/// The FileView of the real disk.
class DiskView final : public FileView {
 public:
  Result<FileInfo> Lstat(const std::string& path) const override;
  Result<std::string> ReadLink(const std::string& path) const override;
  Result<std::string> ReadFile(const std::string& path, std::size_t limit) const override;
  Result<std::vector<std::string>> ListDirectory(const std::string& path) const override;
};

}  // namespace ambit::os
