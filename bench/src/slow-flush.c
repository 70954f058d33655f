/* A disk whose flush takes longer, for LD_PRELOAD: every flush waits SLOW_FLUSH_US microseconds first. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

static void wait_for_disk(void) {
  const char *text = getenv("SLOW_FLUSH_US");
  if (text) usleep((useconds_t)atoi(text));
}

int fsync(int file) {
  wait_for_disk();
  return ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(file);
}

int fdatasync(int file) {
  wait_for_disk();
  return ((int (*)(int))dlsym(RTLD_NEXT, "fdatasync"))(file);
}
