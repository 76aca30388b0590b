/* Models come and go: at the start, by the worker, from a session. */
#include <stdio.h>
#include <string.h>

#include "lv2/plugin.h"

static void complain(ddsp_plugin *plugin, const char *path, const char *problem)
{
    if (plugin->log)
        plugin->log->printf(plugin->log->handle, plugin->log_error, "ddsp-edge: %s: %s\n", path,
                            problem);
    else
        fprintf(stderr, "ddsp-edge: %s: %s\n", path, problem);
}

/* Reads a model in place of the one that is there. */
static int read_model(ddsp_plugin *plugin, int m, const char *path, int keep)
{
    const char *problem = NULL;
    ddsp_shared_model *read = *path ? ddsp_shared_model_read(path, &problem) : NULL;
    if (problem)
        complain(plugin, path, problem);
    if (!problem || keep)
        memmove(plugin->paths[m], path, strlen(path) + 1);
    if (problem)
        return 0;
    ddsp_shared_model_drop(plugin->models[m]);
    plugin->models[m] = read;
    return 1;
}

static int offer(ddsp_plugin *plugin)
{
    ddsp_engine *engine = &plugin->engine;
    if (!plugin->models[MODEL])
        return 0;
    ddsp_sound *sound =
        ddsp_sound_new(plugin->models[MODEL], plugin->models[MORPH_MODEL], engine->sample_rate,
                       engine->listens, plugin->seed);
    if (!sound) {
        complain(plugin, plugin->paths[MODEL], "it cannot be played at this rate, or there is no "
                                               "memory for it");
        return 0;
    }
    memcpy(sound->paths, plugin->paths, sizeof sound->paths);
    ddsp_engine_offer(engine, sound);
    return 1;
}

int ddsp_plugin_load(ddsp_plugin *plugin, const ddsp_load *load, int anyway)
{
    int good = 1, changed = anyway;
    ddsp_engine_collect(&plugin->engine);
    for (int m = 0; m < MODELS; m++) {
        if (!(load->which >> m & 1u))
            continue;
        const int read = read_model(plugin, m, load->paths[m], (int)load->keep);
        good &= read;
        changed |= read;
    }
    return (!changed || offer(plugin)) && good;
}

/* ---- worker ---- */

static LV2_Worker_Status work(LV2_Handle handle, LV2_Worker_Respond_Function respond,
                              LV2_Worker_Respond_Handle back, uint32_t size, const void *data)
{
    ddsp_plugin *plugin = handle;
    ddsp_load load;
    if (size != sizeof load)
        return LV2_WORKER_ERR_UNKNOWN;
    memcpy(&load, data, sizeof load);
    pthread_mutex_lock(&plugin->lock);
    ddsp_engine_collect(&plugin->engine);
    int good = 1;
    if (load.which)
        good = ddsp_plugin_load(plugin, &load, 0);
    pthread_mutex_unlock(&plugin->lock);
    const uint32_t done = load.which;
    respond(back, sizeof done, &done);
    return good ? LV2_WORKER_SUCCESS : LV2_WORKER_ERR_UNKNOWN;
}

static LV2_Worker_Status work_response(LV2_Handle handle, uint32_t size, const void *data)
{
    ddsp_plugin *plugin = handle;
    uint32_t done = 0;
    if (size == sizeof done)
        memcpy(&done, data, sizeof done);
    plugin->collects = 0;
    /* Also where it failed: the host then shows what plays, not what was asked for. */
    plugin->tells |= done != 0;
    return LV2_WORKER_SUCCESS;
}

const LV2_Worker_Interface ddsp_worker_interface = {work, work_response, NULL};
