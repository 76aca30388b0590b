/* The numbers of the URIs that are used, as the host maps them. */
#ifndef DDSP_LV2_URIS_H
#define DDSP_LV2_URIS_H

#include <lv2/atom/atom.h>
#include <lv2/midi/midi.h>
#include <lv2/patch/patch.h>
#include <lv2/time/time.h>
#include <lv2/urid/urid.h>

#define DDSP_URI "urn:ddsp-edge:"

typedef struct {
    LV2_URID atom_path, atom_string, atom_urid, atom_object, atom_sequence;
    LV2_URID atom_float, atom_double, atom_int, atom_long;
    LV2_URID midi_event, patch_get, patch_set, patch_property, patch_value;
    LV2_URID position, bar, bar_beat, beat_unit, beats_per_bar, beats_per_minute, speed;
    LV2_URID models[2];         /* of the properties: the model, and the one to morph with */
} ddsp_uris;

static inline void ddsp_uris_map(ddsp_uris *uris, LV2_URID_Map *map)
{
    uris->atom_path = map->map(map->handle, LV2_ATOM__Path);
    uris->atom_string = map->map(map->handle, LV2_ATOM__String);
    uris->atom_urid = map->map(map->handle, LV2_ATOM__URID);
    uris->atom_object = map->map(map->handle, LV2_ATOM__Object);
    uris->atom_sequence = map->map(map->handle, LV2_ATOM__Sequence);
    uris->atom_float = map->map(map->handle, LV2_ATOM__Float);
    uris->atom_double = map->map(map->handle, LV2_ATOM__Double);
    uris->atom_int = map->map(map->handle, LV2_ATOM__Int);
    uris->atom_long = map->map(map->handle, LV2_ATOM__Long);
    uris->position = map->map(map->handle, LV2_TIME__Position);
    uris->bar = map->map(map->handle, LV2_TIME__bar);
    uris->bar_beat = map->map(map->handle, LV2_TIME__barBeat);
    uris->beat_unit = map->map(map->handle, LV2_TIME__beatUnit);
    uris->beats_per_bar = map->map(map->handle, LV2_TIME__beatsPerBar);
    uris->beats_per_minute = map->map(map->handle, LV2_TIME__beatsPerMinute);
    uris->speed = map->map(map->handle, LV2_TIME__speed);
    uris->midi_event = map->map(map->handle, LV2_MIDI__MidiEvent);
    uris->patch_get = map->map(map->handle, LV2_PATCH__Get);
    uris->patch_set = map->map(map->handle, LV2_PATCH__Set);
    uris->patch_property = map->map(map->handle, LV2_PATCH__property);
    uris->patch_value = map->map(map->handle, LV2_PATCH__value);
    uris->models[0] = map->map(map->handle, DDSP_URI "model");
    uris->models[1] = map->map(map->handle, DDSP_URI "morph_model");
}

#endif
