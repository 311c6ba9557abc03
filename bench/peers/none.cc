// SPDX-License-Identifier: Apache-2.0
#include "peer.h"

namespace softlane {
namespace bench {

std::vector<Peer> Peers() { return {}; }

}  // namespace bench
}  // namespace softlane
