// SPDX-License-Identifier: Apache-2.0
// host <plug-in>: runs it; no symbol of softlane must be visible in it.

#include <dlfcn.h>

#include <cstdio>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  void* plugin = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  if (plugin == nullptr) {
    std::fprintf(stderr, "%s\n", dlerror());
    return 1;
  }
  const auto run = reinterpret_cast<int (*)()>(dlsym(plugin, "PluginRun"));
  if (run == nullptr || dlsym(plugin, "softlane_exp") != nullptr) {
    std::fprintf(stderr, "the plug-in shows the wrong symbols\n");
    return 1;
  }
  return run() != 0;
}
