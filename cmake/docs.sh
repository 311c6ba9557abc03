#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, and makes the site of the documentation: the pages of cmake/docs
# and the public headers. A warning is an error, and so is a link that leads nowhere.
set -eu
cd "$(dirname "$0")/.."
. cmake/dependencies.sh

install_dependencies docs
configure build/docs -DSOFTLANE_BUILD_TESTS=OFF -DSOFTLANE_BUILD_BENCH=OFF
cmake --build build/docs --target docs
sh tests/links.sh build/docs/html
echo "The site: build/docs/html/index.html"
