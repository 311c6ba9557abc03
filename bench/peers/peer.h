// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_BENCH_PEERS_PEER_H_
#define SOFTLANE_BENCH_PEERS_PEER_H_

#include <functional>
#include <vector>

#include "../kernel.h"

// Other libraries, each through its public operator, with one thread, on the
// same buffers as softlane. All that can be prepared is prepared outside of the
// timing.

namespace softlane {
namespace bench {

struct Peer {
  const char* name;
  const char* kernel;  // a Kernel's name; of half types <name>/<dtype>
  // The call to time, or null where the peer cannot run. Returns whether it
  // succeeded.
  std::function<bool()> (*prepare)(const Operands&);
};

// The peers that this binary was built with; none without SOFTLANE_BENCH_PEERS.
std::vector<Peer> Peers();

}  // namespace bench
}  // namespace softlane

#endif  // SOFTLANE_BENCH_PEERS_PEER_H_
