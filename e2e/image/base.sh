# Makes the base image that the Dockerfile names where none can be pulled: base.sh TAG FOLDER NODE NPM, in a mount namespace
# of its own, which takes the folder's contents with it. FOLDER is in memory, as dpkg waits for the disk at every file.
set -e
tag=$1 folder=$2 node=$3 npm=$4
. /etc/os-release
mount -t tmpfs tmpfs "$folder"
# Node is linked to libatomic, which the smallest Debian lacks.
debootstrap --variant=minbase --include=libatomic1 "$VERSION_CODENAME" "$folder/debian"
tar -C "$folder/debian" --exclude='./var/cache/apt/*' --exclude='./var/lib/apt/lists/*' -cf "$folder/debian.tar" .
cp "$node" "$folder/node"
cp -r "$npm" "$folder/npm"
buildah bud --isolation chroot --file "$(dirname "$0")/base.Containerfile" --tag "$tag" "$folder"
