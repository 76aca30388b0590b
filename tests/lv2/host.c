#include "host.h"

#include <lv2/midi/midi.h>
#include <lv2/patch/patch.h>
#include <lv2/time/time.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OURS "urn:ddsp-edge:"

_Thread_local int host_running;

/* ---- features ---- */

static char *uris[256];
static int n_uris;
static pthread_mutex_t uris_lock = PTHREAD_MUTEX_INITIALIZER;

LV2_URID host_urid(const char *uri)
{
    pthread_mutex_lock(&uris_lock);
    int i = 0;
    while (i < n_uris && strcmp(uris[i], uri) != 0)
        i++;
    if (i == n_uris)
        uris[n_uris++] = strdup(uri);
    pthread_mutex_unlock(&uris_lock);
    return (LV2_URID)i + 1;
}

static LV2_URID map(LV2_URID_Map_Handle handle, const char *uri)
{
    (void)handle;
    return host_urid(uri);
}

static LV2_URID_Map urid_map = {NULL, map};

static int log_v(LV2_Log_Handle handle, LV2_URID type, const char *format, va_list args)
{
    host *h = handle;
    (void)type;
    h->complaints++;
    if (getenv("HOST_VERBOSE"))
        vfprintf(stderr, format, args);
    return 0;
}

static int log_f(LV2_Log_Handle handle, LV2_URID type, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int done = log_v(handle, type, format, args);
    va_end(args);
    return done;
}

/* ---- worker ---- */

static LV2_Worker_Status respond(LV2_Worker_Respond_Handle handle, uint32_t size, const void *data)
{
    host *h = handle;
    if (h->worker == WORK_AT_ONCE)
        return h->works->work_response(h->handle, size, data);
    pthread_mutex_lock(&h->lock);
    if (h->answered < MOST_WORK) {
        h->answers[h->answered].size = size;
        memcpy(h->answers[h->answered++].data, data, size);
    }
    pthread_mutex_unlock(&h->lock);
    return LV2_WORKER_SUCCESS;
}

/* The oldest item; 0 where there is none. */
static int take(host *h, work_item *item)
{
    pthread_mutex_lock(&h->lock);
    const int there = h->queued > 0;
    if (there) {
        *item = h->queue[0];
        h->queued--;
        h->busy++;
        memmove(h->queue, h->queue + 1, (size_t)h->queued * sizeof *h->queue);
    }
    pthread_mutex_unlock(&h->lock);
    return there;
}

static void finish(host *h)
{
    pthread_mutex_lock(&h->lock);
    h->busy--;
    pthread_mutex_unlock(&h->lock);
}

static void work(host *h)
{
    work_item item;
    while (take(h, &item)) {
        h->works->work(h->handle, respond, h, item.size, item.data);
        finish(h);
    }
}

static void *work_thread(void *user)
{
    host *h = user;
    for (;;) {
        work(h);
        pthread_mutex_lock(&h->lock);
        const int stop = h->stop;
        pthread_mutex_unlock(&h->lock);
        if (stop)
            return NULL;
        usleep(500);
    }
}

static LV2_Worker_Status schedule(LV2_Worker_Schedule_Handle handle, uint32_t size,
                                  const void *data)
{
    host *h = handle;
    if (h->worker == WORK_AT_ONCE) {
        const int was = host_running;
        host_running = 0;           /* a host that does so, offline, waits */
        h->works->work(h->handle, respond, h, size, data);
        host_running = was;
        return LV2_WORKER_SUCCESS;
    }
    LV2_Worker_Status status = LV2_WORKER_ERR_NO_SPACE;
    const int running = host_running;
    host_running = 0;               /* what follows is the host's own */
    pthread_mutex_lock(&h->lock);
    if (h->queued < MOST_WORK && size <= sizeof h->queue->data) {
        h->queue[h->queued].size = size;
        memcpy(h->queue[h->queued++].data, data, size);
        status = LV2_WORKER_SUCCESS;
    }
    pthread_mutex_unlock(&h->lock);
    host_running = running;
    return status;
}

static void hear_answers(host *h)
{
    work_item answers[MOST_WORK];
    pthread_mutex_lock(&h->lock);
    const int n = h->answered;
    memcpy(answers, h->answers, (size_t)n * sizeof *answers);
    h->answered = 0;
    pthread_mutex_unlock(&h->lock);
    for (int i = 0; i < n; i++)
        h->works->work_response(h->handle, answers[i].size, answers[i].data);
}

void host_settle(host *h)
{
    for (int left = 1; left;) {
        if (h->worker == WORK_AFTER)
            work(h);
        pthread_mutex_lock(&h->lock);
        left = h->queued + h->busy;
        pthread_mutex_unlock(&h->lock);
        if (left)
            usleep(500);
    }
}

/* ---- life ---- */

int host_first(const host *h)
{
    return h->effect ? 8 : 6;
}

static void connect(host *h)
{
    const LV2_Descriptor *d = h->plugin;
    uint32_t port = 0;
    d->connect_port(h->handle, port++, &h->events);
    d->connect_port(h->handle, port++, &h->notify);
    if (h->effect)
        d->connect_port(h->handle, port++, h->in);
    d->connect_port(h->handle, port++, h->left);
    d->connect_port(h->handle, port++, h->right);
    for (; port < MOST_PORTS; port++)
        d->connect_port(h->handle, port, &h->control[port]);
}

host *host_new(const char *uri, double rate, const char *folder, int worker, int bare)
{
    host *h = calloc(1, sizeof *h);
    const LV2_Descriptor *d;
    for (uint32_t i = 0; (d = lv2_descriptor(i)) != NULL; i++)
        if (strcmp(d->URI, uri) == 0)
            h->plugin = d;
    if (!h->plugin) {
        free(h);
        return NULL;
    }
    h->effect = strcmp(uri, OURS "effect") == 0;
    h->worker = worker;
    pthread_mutex_init(&h->lock, NULL);
    h->schedule = (LV2_Worker_Schedule){h, schedule};
    h->log = (LV2_Log_Log){h, log_f, log_v};
    const LV2_Feature map_feature = {LV2_URID__map, &urid_map};
    const LV2_Feature log_feature = {LV2_LOG__log, &h->log};
    const LV2_Feature work_feature = {LV2_WORKER__schedule, &h->schedule};
    const LV2_Feature *features[4] = {&map_feature};
    int n = 1;
    if (!bare)
        features[n++] = &log_feature;
    if (worker != WORK_NONE)
        features[n++] = &work_feature;
    h->works = h->plugin->extension_data(LV2_WORKER__interface);
    h->states = h->plugin->extension_data(LV2_STATE__interface);
    /* NaN asks for the default. */
    for (int p = 0; p < MOST_PORTS; p++)
        h->control[p] = 0.0f / 0.0f;
    h->control[h->effect ? 5 : 4] = 1.0f;
    h->control[7] = h->effect ? 0.0f : h->control[7];
    h->notify_room = EVENT_ROOM;
    lv2_atom_forge_init(&h->forge, &urid_map);
    h->handle = h->plugin->instantiate(h->plugin, rate, folder, features);
    if (!h->handle) {
        pthread_mutex_destroy(&h->lock);
        free(h);
        return NULL;
    }
    connect(h);
    host_clear(h);
    if (worker == WORK_THREAD)
        pthread_create(&h->thread, NULL, work_thread, h);
    return h;
}

void host_free(host *h)
{
    if (!h)
        return;
    if (h->worker == WORK_THREAD) {
        pthread_mutex_lock(&h->lock);
        h->stop = 1;
        pthread_mutex_unlock(&h->lock);
        pthread_join(h->thread, NULL);
    }
    h->plugin->cleanup(h->handle);
    pthread_mutex_destroy(&h->lock);
    free(h);
}

/* ---- messages ---- */

void host_clear(host *h)
{
    lv2_atom_forge_set_buffer(&h->forge, h->events.bytes, EVENT_ROOM);
    lv2_atom_forge_sequence_head(&h->forge, &h->frame, 0);
}

void host_midi(host *h, uint32_t frame, const uint8_t *bytes, uint32_t n)
{
    lv2_atom_forge_frame_time(&h->forge, frame);
    lv2_atom_forge_atom(&h->forge, n, host_urid(LV2_MIDI__MidiEvent));
    lv2_atom_forge_write(&h->forge, bytes, n);
}

void host_set_path(host *h, uint32_t frame, const char *property, const char *path)
{
    LV2_Atom_Forge_Frame object;
    lv2_atom_forge_frame_time(&h->forge, frame);
    lv2_atom_forge_object(&h->forge, &object, 0, host_urid(LV2_PATCH__Set));
    lv2_atom_forge_key(&h->forge, host_urid(LV2_PATCH__property));
    lv2_atom_forge_urid(&h->forge, host_urid(property));
    lv2_atom_forge_key(&h->forge, host_urid(LV2_PATCH__value));
    lv2_atom_forge_path(&h->forge, path, (uint32_t)strlen(path));
    lv2_atom_forge_pop(&h->forge, &object);
}

void host_get(host *h, uint32_t frame)
{
    LV2_Atom_Forge_Frame object;
    lv2_atom_forge_frame_time(&h->forge, frame);
    lv2_atom_forge_object(&h->forge, &object, 0, host_urid(LV2_PATCH__Get));
    lv2_atom_forge_pop(&h->forge, &object);
}

void host_position(host *h, uint32_t frame, float bpm, int64_t bar, float bar_beat,
                   float beats_per_bar, int32_t beat_unit, float speed)
{
    LV2_Atom_Forge_Frame object;
    lv2_atom_forge_frame_time(&h->forge, frame);
    lv2_atom_forge_object(&h->forge, &object, 0, host_urid(LV2_TIME__Position));
    lv2_atom_forge_key(&h->forge, host_urid(LV2_TIME__speed));
    lv2_atom_forge_float(&h->forge, speed);
    lv2_atom_forge_key(&h->forge, host_urid(LV2_TIME__bar));
    lv2_atom_forge_long(&h->forge, bar);
    lv2_atom_forge_key(&h->forge, host_urid(LV2_TIME__barBeat));
    lv2_atom_forge_float(&h->forge, bar_beat);
    lv2_atom_forge_key(&h->forge, host_urid(LV2_TIME__beatUnit));
    lv2_atom_forge_int(&h->forge, beat_unit);
    lv2_atom_forge_key(&h->forge, host_urid(LV2_TIME__beatsPerBar));
    lv2_atom_forge_float(&h->forge, beats_per_bar);
    lv2_atom_forge_key(&h->forge, host_urid(LV2_TIME__beatsPerMinute));
    lv2_atom_forge_float(&h->forge, bpm);
    lv2_atom_forge_pop(&h->forge, &object);
}

static void listen(host *h)
{
    const LV2_Atom_Sequence *said = &h->notify.sequence;
    const LV2_URID set = host_urid(LV2_PATCH__Set), property = host_urid(LV2_PATCH__property);
    const LV2_URID value = host_urid(LV2_PATCH__value);
    LV2_ATOM_SEQUENCE_FOREACH (said, event) {
        const LV2_Atom_Object *object = (const LV2_Atom_Object *)&event->body;
        const LV2_Atom *which = NULL, *path = NULL;
        if (object->body.otype != set)
            continue;
        lv2_atom_object_get(object, property, &which, value, &path, 0);
        const LV2_URID key = ((const LV2_Atom_URID *)which)->body;
        snprintf(h->told[key == host_urid(OURS "morph_model")], sizeof h->told[0], "%s",
                 (const char *)(path + 1));
    }
}

void host_run(host *h, uint32_t n)
{
    lv2_atom_forge_pop(&h->forge, &h->frame);
    h->notify.sequence.atom = (LV2_Atom){h->notify_room, 0};
    host_running = 1;
    h->plugin->run(h->handle, n);
    host_running = 0;
    if (h->notify_room == EVENT_ROOM)
        listen(h);
    hear_answers(h);
    if (h->worker == WORK_AFTER)
        work(h);
    host_clear(h);
}

/* ---- state ---- */

static LV2_State_Status store(LV2_State_Handle handle, uint32_t key, const void *value,
                              size_t size, uint32_t type, uint32_t flags)
{
    host_state *s = handle;
    if (s->n == 8 || size > sizeof s->value[0])
        return LV2_STATE_ERR_NO_SPACE;
    s->key[s->n] = key;
    s->type[s->n] = type;
    s->flags[s->n] = flags;
    s->size[s->n] = size;
    memcpy(s->value[s->n++], value, size);
    return LV2_STATE_SUCCESS;
}

static const void *retrieve(LV2_State_Handle handle, uint32_t key, size_t *size, uint32_t *type,
                            uint32_t *flags)
{
    host_state *s = handle;
    for (int i = 0; i < s->n; i++)
        if (s->key[i] == key) {
            *size = s->size[i];
            *type = s->type[i];
            *flags = s->flags[i];
            return s->value[i];
        }
    return NULL;
}

/* Paths lie somewhere else in a session: told by a word before them. */
static char *abstract_path(LV2_State_Map_Path_Handle handle, const char *path)
{
    char *mapped = malloc(strlen(path) + 9);
    (void)handle;
    sprintf(mapped, "session:%s", path);
    return mapped;
}

static char *absolute_path(LV2_State_Map_Path_Handle handle, const char *path)
{
    (void)handle;
    return strdup(strncmp(path, "session:", 8) == 0 ? path + 8 : path);
}

static LV2_State_Map_Path map_path = {NULL, abstract_path, absolute_path};

LV2_State_Status host_save(host *h, host_state *to, int mapped)
{
    const LV2_Feature feature = {LV2_STATE__mapPath, &map_path};
    const LV2_Feature *features[2] = {mapped ? &feature : NULL, NULL};
    to->n = 0;
    return h->states->save(h->handle, store, to, 0, features);
}

LV2_State_Status host_restore(host *h, host_state *from, int mapped, int scheduled)
{
    const LV2_Feature paths = {LV2_STATE__mapPath, &map_path};
    const LV2_Feature works = {LV2_WORKER__schedule, &h->schedule};
    const LV2_Feature *features[3] = {NULL, NULL, NULL};
    int n = 0;
    if (mapped)
        features[n++] = &paths;
    if (scheduled)
        features[n++] = &works;
    return h->states->restore(h->handle, retrieve, from, 0, features);
}
