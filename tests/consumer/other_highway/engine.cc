// SPDX-License-Identifier: Apache-2.0
// The engine forces its Highway down to the baseline. Neither must notice the
// other.

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace engine {
namespace HWY_NAMESPACE {
int64_t RunningTarget() { return HWY_TARGET; }
}  // namespace HWY_NAMESPACE
}  // namespace engine
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "../digest.h"

namespace engine {
HWY_EXPORT(RunningTarget);
int64_t Run() { return HWY_DYNAMIC_DISPATCH(RunningTarget)(); }
}  // namespace engine

int main() {
  const int64_t best = engine::Run();
  hwy::DisableTargets(~int64_t{HWY_STATIC_TARGET});
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  const int64_t forced = engine::Run();
  int failures = DigestAll();
  const int64_t after = engine::Run();
  printf("the engine's targets: %s, forced %s, afterwards %s\n",
         hwy::TargetName(best), hwy::TargetName(forced),
         hwy::TargetName(after));
  failures += forced != HWY_STATIC_TARGET || after != forced;
  return failures != 0;
}
#endif  // HWY_ONCE
