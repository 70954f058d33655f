# Becomes the program of a container, in a mount namespace that ends with it: container.sh ROOT VOLUME HOSTS -- PROGRAM...
# READ_ONLY and TMPFS say what compose.yaml says. The process keeps its number, so that it can be stopped by it.
set -e
root=$1 volume=$2 hosts=$3
shift 4
# A mount of its own: what is mounted below, and whether it can be written to, concerns no other container.
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
for device in null urandom; do mount --bind "/dev/$device" "$root/dev/$device"; done
mount --bind "$hosts" "$root/etc/hosts"
mount --bind "$volume" "$root/data"
for folder in $TMPFS; do mount -t tmpfs tmpfs "$root$folder"; done
[ "$READ_ONLY" = false ] || mount -o remount,bind,ro "$root"
exec chroot "$root" "$@"
