#include "proxy/body_edit.h"

#include <gtest/gtest.h>

#include <string>

namespace ambit::proxy {
namespace {

Secrets TwoSecrets() {
  Secrets out;
  out.push_back({SecretText("short"), "xxxxx"});
  out.push_back({SecretText("a-much-longer-secret-than-that"), "masked"});
  return out;
}

policy::BodyEdit Edit(std::size_t most = 1000) {
  policy::BodyEdit out;
  out.placeholders = {{"PLACEHOLDER-0001", 0}, {"placeholder-0002", 1}};
  out.max_bytes = most;
  return out;
}

std::string Edited(std::string_view body, std::size_t most = 1000) {
  std::string out = "old";
  return PutSecretsIn(Edit(most), TwoSecrets(), body, out) ? out : "refused:" + out;
}

TEST(BodyEditTest, ReplacesEveryPlaceholder) {
  EXPECT_EQ(Edited(""), "");
  EXPECT_EQ(Edited("nothing of it"), "nothing of it");
  EXPECT_EQ(Edited("PLACEHOLDER-0001"), "short");
  EXPECT_EQ(Edited("a=PLACEHOLDER-0001&b=placeholder-0002&c=PLACEHOLDER-0001!"),
            "a=short&b=a-much-longer-secret-than-that&c=short!");
  EXPECT_EQ(Edited("PLACEHOLDER-0001PLACEHOLDER-0001placeholder-0002"),
            "shortshorta-much-longer-secret-than-that");
}

TEST(BodyEditTest, LeavesWhatIsOnlyAlike) {
  const std::string alike = "PLACEHOLDER-000PLACEHOLDER-0002 Placeholder-0002 placeholder-000";
  EXPECT_EQ(Edited(alike), alike);
  EXPECT_EQ(Edited(std::string("\0PLACEHOLDER-0001\0", 18)), std::string("\0short\0", 7));
}

TEST(BodyEditTest, BoundsWhatComesOut) {
  EXPECT_EQ(Edited("placeholder-0002", 30), "a-much-longer-secret-than-that");
  EXPECT_EQ(Edited("placeholder-0002", 29), "refused:");
  // What becomes longer first may become shorter again.
  EXPECT_EQ(Edited("placeholder-0002PLACEHOLDER-0001PLACEHOLDER-0001", 48),
            "a-much-longer-secret-than-thatshortshort");
}

}  // namespace
}  // namespace ambit::proxy
