// A sound card that one program at a time can record from, as cards without a sound server are.
// Loaded in front of ALSA (LD_PRELOAD). Whoever holds the lock on the file $EXCLUSIVE has the card.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

static void *alsa(const char *name) {  // loaded late, where RTLD_NEXT does not look
    static void *library = dlopen("libasound.so.2", RTLD_LAZY);
    return dlsym(library, name);
}

static const int RECORD = 1;  // SND_PCM_STREAM_CAPTURE
static const int MOST = 64;
static struct { void *pcm; int lock; } open_now[MOST];

extern "C" int snd_pcm_open(void **pcm, const char *name, int stream, int mode) {
    static auto real = (int (*)(void **, const char *, int, int))alsa("snd_pcm_open");
    int lock = -1;
    if (stream == RECORD && getenv("EXCLUSIVE")) {
        lock = open(getenv("EXCLUSIVE"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (flock(lock, LOCK_EX | LOCK_NB)) {
            close(lock);
            return -EBUSY;
        }
    }
    int code = real(pcm, name, stream, mode);
    if (code) {
        if (lock >= 0) close(lock);
        return code;
    }
    for (int n = 0; lock >= 0 && n < MOST; n++)
        if (!open_now[n].pcm) {
            open_now[n] = {*pcm, lock};
            break;
        }
    return 0;
}

extern "C" int snd_pcm_close(void *pcm) {
    static auto real = (int (*)(void *))alsa("snd_pcm_close");
    int code = real(pcm);
    for (auto &one : open_now)
        if (one.pcm == pcm) {
            close(one.lock);
            one = {nullptr, -1};
        }
    return code;
}
