/* A host for the tests: numbers for URIs, a worker, messages, one instance with its buffers. */
#ifndef TEST_LV2_HOST_H
#define TEST_LV2_HOST_H

#include <lv2/atom/atom.h>
#include <lv2/atom/forge.h>
#include <lv2/core/lv2.h>
#include <lv2/log/log.h>
#include <lv2/state/state.h>
#include <lv2/urid/urid.h>
#include <lv2/worker/worker.h>
#include <pthread.h>

const LV2_Descriptor *lv2_descriptor(uint32_t index);

enum { MOST_FRAMES = 8192, MOST_PORTS = 64, EVENT_ROOM = 65536, MOST_WORK = 64 };

/* How work is done: the host has no worker; at once, inside schedule_work; after the block; in a
 * thread of its own. */
enum { WORK_NONE, WORK_AT_ONCE, WORK_AFTER, WORK_THREAD };

typedef struct {
    uint32_t size;
    uint8_t data[4096];
} work_item;

typedef struct host {
    const LV2_Descriptor *plugin;
    LV2_Handle handle;
    int effect, worker;
    LV2_Worker_Schedule schedule;
    LV2_Log_Log log;
    int complaints;                 /* what was logged */
    const LV2_Worker_Interface *works;
    const LV2_State_Interface *states;
    /* Work to be done, and responses. */
    work_item queue[MOST_WORK], answers[MOST_WORK];
    int queued, busy, answered, stop;
    pthread_mutex_t lock;
    pthread_t thread;
    /* Ports. */
    float in[MOST_FRAMES], left[MOST_FRAMES], right[MOST_FRAMES];
    float control[MOST_PORTS];
    union {
        LV2_Atom_Sequence sequence;
        uint8_t bytes[EVENT_ROOM];
    } events, notify;
    uint32_t notify_room;
    LV2_Atom_Forge forge;
    LV2_Atom_Forge_Frame frame;
    char told[2][1024];             /* the paths that the plug-in said last */
} host;

/* 1 on a thread that is in the plug-in's run() now. */
extern _Thread_local int host_running;

LV2_URID host_urid(const char *uri);

/* Features but urid:map can be left out by `bare`. NULL where the plug-in refuses. */
host *host_new(const char *uri, double rate, const char *folder, int worker, int bare);
void host_free(host *h);

/* The first setting's port is number host_first(h). */
int host_first(const host *h);

/* Messages of the next block; frames must rise. */
void host_clear(host *h);
void host_midi(host *h, uint32_t frame, const uint8_t *bytes, uint32_t n);
void host_set_path(host *h, uint32_t frame, const char *property, const char *path);
void host_get(host *h, uint32_t frame);
void host_position(host *h, uint32_t frame, float bpm, int64_t bar, float bar_beat,
                   float beats_per_bar, int32_t beat_unit, float speed);

/* One block, then what the worker has to do. */
void host_run(host *h, uint32_t n);

/* Waits until the worker's thread has nothing to do. */
void host_settle(host *h);

/* State: saved into memory and restored. */
typedef struct {
    uint32_t key[8], type[8], flags[8];
    size_t size[8];
    char value[8][1100];
    int n;
} host_state;
LV2_State_Status host_save(host *h, host_state *to, int mapped);
LV2_State_Status host_restore(host *h, host_state *from, int mapped, int scheduled);

#endif
