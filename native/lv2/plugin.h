/* One instance of a plug-in. */
#ifndef DDSP_LV2_PLUGIN_H
#define DDSP_LV2_PLUGIN_H

#include <lv2/core/lv2.h>
#include <lv2/log/log.h>
#include <lv2/state/state.h>
#include <lv2/worker/worker.h>
#include <pthread.h>

#include "lv2/engine.h"
#include "lv2/messages.h"

/* The order of the ports that are no settings (ddsp_edge/lv2/turtle.py); an instrument has neither
 * `in` nor `freeze`. */
enum { PORT_CONTROL, PORT_NOTIFY, PORT_IN, PORT_LEFT, PORT_RIGHT, PORT_ENABLED, PORT_LATENCY,
       PORT_FREEZE, FIXED_PORTS };

/* Those behind the settings. */
enum { METER_PITCH, METER_LOUDNESS, METERS };

/* Which models are to be loaded: bit m, and their paths ("": none). Sent to the worker. */
typedef struct {
    uint32_t which;             /* 0: only collect what is not needed any more */
    uint32_t keep;              /* remember a path too whose file cannot be read: of a session */
    char paths[MODELS][LONGEST_PATH];
} ddsp_load;

typedef struct {
    ddsp_engine engine;
    uint32_t seed;
    /* The host's. */
    LV2_URID_Map *map;          /* NULL: neither messages nor state */
    LV2_Log_Log *log;           /* the following may be NULL */
    LV2_Worker_Schedule *schedule;
    ddsp_uris uris;
    LV2_URID log_error;
    LV2_Atom_Forge forge;
    void *ports[FIXED_PORTS];
    const float *settings[MOST_SETTINGS];   /* by their place among the ports */
    float *meters[METERS];
    /* Under the lock, which run() never takes. */
    pthread_mutex_t lock;
    ddsp_shared_model *models[MODELS];      /* as they were asked for last */
    char paths[MODELS][LONGEST_PATH];
    int fresh;                  /* it has not run since it was made or reset */
    /* The audio thread's. */
    ddsp_load wanted;           /* what is still to be given to the worker */
    ddsp_transport transport;   /* the host's, as far as it was told */
    int collects;               /* the worker was asked to collect, or is not there */
    int tells;                  /* the host is to be told the paths */
} ddsp_plugin;

/* Outside the audio thread, with the lock held: reads the models that are named and offers a sound
 * where one changed, or (`anyway`) of those that are there. What cannot be read is logged and
 * changes nothing. 0 where something could not be read. */
int ddsp_plugin_load(ddsp_plugin *plugin, const ddsp_load *load, int anyway);

extern const LV2_State_Interface ddsp_state_interface;
extern const LV2_Worker_Interface ddsp_worker_interface;

#endif
