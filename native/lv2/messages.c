#include "lv2/messages.h"

#include <math.h>
#include <string.h>

/* Bytes that an atom's body takes in a sequence or an object. */
static size_t padded(uint32_t size)
{
    return ((size_t)size + 7) & ~(size_t)7;
}

ddsp_message_cursor ddsp_messages_of(const LV2_Atom_Sequence *sequence, const ddsp_uris *uris)
{
    if (!sequence || sequence->atom.type != uris->atom_sequence
        || sequence->atom.size < sizeof sequence->body)
        return (ddsp_message_cursor){NULL, NULL};
    const uint8_t *body = (const uint8_t *)&sequence->body;
    return (ddsp_message_cursor){body + sizeof sequence->body, body + sequence->atom.size};
}

int ddsp_messages_next(ddsp_message_cursor *cursor, uint32_t from, uint32_t n,
                       ddsp_message *message)
{
    LV2_Atom_Event event;
    if ((size_t)(cursor->end - cursor->at) < sizeof event)
        return 0;
    memcpy(&event, cursor->at, sizeof event);
    const size_t left = (size_t)(cursor->end - cursor->at) - sizeof event;
    if (event.body.size > left)
        return 0;
    const int64_t frame = event.time.frames;
    message->frame = frame < (int64_t)from ? from : frame > (int64_t)n ? n : (uint32_t)frame;
    message->type = event.body.type;
    message->size = event.body.size;
    message->body = cursor->at + sizeof event;
    const size_t step = padded(event.body.size);
    cursor->at += sizeof event + (step < left ? step : left);
    return 1;
}

/* The kind of an object, 0 where it is none. */
static uint32_t kind_of(const ddsp_message *message, const ddsp_uris *uris)
{
    LV2_Atom_Object_Body body;
    if (message->type != uris->atom_object || message->size < sizeof body)
        return 0;
    memcpy(&body, message->body, sizeof body);
    return body.otype;
}

/* The value of an object's property; its size, or -1. */
static int64_t find(const ddsp_message *message, LV2_URID key, uint32_t *type,
                    const uint8_t **value)
{
    LV2_Atom_Property_Body property;
    const size_t head = offsetof(LV2_Atom_Property_Body, value) + sizeof(LV2_Atom);
    size_t at = sizeof(LV2_Atom_Object_Body);
    while (message->size >= head && at <= message->size - head) {
        memcpy(&property, message->body + at, head);
        const size_t left = message->size - at - head;
        if (property.value.size > left)
            return -1;
        if (property.key == key) {
            *type = property.value.type;
            *value = message->body + at + head;
            return property.value.size;
        }
        const size_t step = padded(property.value.size);
        at += head + (step < left ? step : left);
    }
    return -1;
}

int ddsp_message_set(const ddsp_message *message, const ddsp_uris *uris, char path[LONGEST_PATH])
{
    uint32_t type, which;
    const uint8_t *value;
    if (kind_of(message, uris) != uris->patch_set
        || find(message, uris->patch_property, &type, &value) != sizeof which
        || type != uris->atom_urid)
        return -1;
    memcpy(&which, value, sizeof which);
    const int64_t size = find(message, uris->patch_value, &type, &value);
    if (size < 0 || size > LONGEST_PATH - 1
        || (type != uris->atom_path && type != uris->atom_string))
        return -1;
    memcpy(path, value, (size_t)size);
    path[size] = 0;             /* it should have its own, but who knows */
    for (int m = 0; m < MODELS; m++)
        if (which == uris->models[m])
            return m;
    return -1;
}

int ddsp_message_get(const ddsp_message *message, const ddsp_uris *uris)
{
    return kind_of(message, uris) == uris->patch_get;
}

/* The number of a property, of any numeric type; NaN where there is none. */
static double number_of(const ddsp_message *message, const ddsp_uris *uris, LV2_URID key)
{
    union {
        float f;
        double d;
        int32_t i;
        int64_t l;
    } x = {0};
    uint32_t type = 0;
    const uint8_t *value = NULL;
    const int64_t size = find(message, key, &type, &value);
    if (size != 4 && size != 8)
        return NAN;
    memcpy(&x, value, (size_t)size);
    if (type == uris->atom_float && size == 4)
        return x.f;
    if (type == uris->atom_int && size == 4)
        return x.i;
    if (type == uris->atom_double && size == 8)
        return x.d;
    return type == uris->atom_long && size == 8 ? (double)x.l : NAN;
}

/* 1: there is one, within its limits; else `to` stays as it was. */
static int take_number(const ddsp_message *message, const ddsp_uris *uris, LV2_URID key,
                       double least, double most, double *to)
{
    const double number = number_of(message, uris, key);
    if (!(number >= least && number <= most))
        return 0;
    *to = number;
    return 1;
}

int ddsp_message_position(const ddsp_message *message, const ddsp_uris *uris,
                          ddsp_transport *transport)
{
    if (kind_of(message, uris) != uris->position)
        return 0;
    take_number(message, uris, uris->speed, -100.0, 100.0, &transport->speed);
    take_number(message, uris, uris->beats_per_minute, 0.0, 1200.0, &transport->beats_per_minute);
    take_number(message, uris, uris->beats_per_bar, 0.25, 256.0, &transport->beats_per_bar);
    take_number(message, uris, uris->beat_unit, 1.0, 256.0, &transport->beat_unit);
    take_number(message, uris, uris->bar, -1e9, 1e9, &transport->bar);
    const int placed = take_number(message, uris, uris->bar_beat, 0.0, 256.0, &transport->bar_beat);
    return placed || transport->speed <= 0.0;
}

/* A whole event, or none of it. */
static void put_set(LV2_Atom_Forge *forge, const ddsp_uris *uris, LV2_URID property,
                    const char *path)
{
    LV2_Atom_Forge_Frame object;
    const uint32_t length = (uint32_t)strlen(path);
    /* Head and object, two properties with their keys, a URID and the path. */
    const size_t needed = sizeof(LV2_Atom_Event) + sizeof(LV2_Atom_Object_Body)
                          + 2 * offsetof(LV2_Atom_Property_Body, value)
                          + sizeof(LV2_Atom_URID) + 8 + sizeof(LV2_Atom) + padded(length + 1);
    if (forge->size - forge->offset < needed)
        return;
    lv2_atom_forge_frame_time(forge, 0);
    lv2_atom_forge_object(forge, &object, 0, uris->patch_set);
    lv2_atom_forge_key(forge, uris->patch_property);
    lv2_atom_forge_urid(forge, property);
    lv2_atom_forge_key(forge, uris->patch_value);
    lv2_atom_forge_path(forge, path, length);
    lv2_atom_forge_pop(forge, &object);
}

void ddsp_messages_tell(LV2_Atom_Sequence *notify, const ddsp_uris *uris, LV2_Atom_Forge *forge,
                        const char (*paths)[LONGEST_PATH])
{
    if (!notify || notify->atom.size < sizeof notify->body)
        return;
    const uint32_t room = notify->atom.size;
    notify->atom.type = uris->atom_sequence;
    notify->atom.size = sizeof notify->body;
    notify->body.unit = notify->body.pad = 0;
    if (!paths || room < sizeof *notify)
        return;
    LV2_Atom_Forge_Frame frame;
    lv2_atom_forge_set_buffer(forge, (uint8_t *)notify, room);
    lv2_atom_forge_sequence_head(forge, &frame, 0);
    for (int m = 0; m < MODELS; m++)
        put_set(forge, uris, uris->models[m], paths[m]);
    lv2_atom_forge_pop(forge, &frame);
}
