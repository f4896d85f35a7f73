#include <string>

#include "cli/command.h"
#include "cli/listing.h"
#include "cli/report.h"
#include "os/disk_view.h"

namespace ambit::cli {
namespace {

Result<std::string> Render(const Options& options) {
  const os::DiskView files;
  AMBIT_TRY(const Listing listing, ListProfiles(options.policy, CurrentSurroundings(), files));
  for (const config::Notice& notice : listing.assembly.notices) Say(WarningLine(notice));
  if (!options.profiles.show) return options.json ? ListJson(listing) : ListText(listing);
  AMBIT_TRY(const Shown shown, ShowProfile(listing, options.profiles.name));
  if (options.toml) return ShowToml(shown);
  return options.json ? ShowJson(shown) : ShowText(listing, shown);
}

}  // namespace

int Profiles(const Options& options) { return AnswerOrRefuse(Render(options)); }

}  // namespace ambit::cli
