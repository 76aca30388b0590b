/* What the host's event ports carry. Sizes in it are believed no further than the port's own. */
#ifndef DDSP_LV2_MESSAGES_H
#define DDSP_LV2_MESSAGES_H

#include "lv2/sound.h"
#include "lv2/uris.h"

#include <lv2/atom/forge.h>

/* A sequence, event by event. */
typedef struct {
    const uint8_t *at, *end;
} ddsp_message_cursor;

typedef struct {
    uint32_t frame;             /* of the block; frames do not go back */
    uint32_t type, size;
    const uint8_t *body;
} ddsp_message;

/* Audio. Nothing is read where `sequence` is NULL or no sequence. */
ddsp_message_cursor ddsp_messages_of(const LV2_Atom_Sequence *sequence, const ddsp_uris *uris);

/* Audio. The next event, at a frame of from..n; 0 after the last. */
int ddsp_messages_next(ddsp_message_cursor *cursor, uint32_t from, uint32_t n,
                       ddsp_message *message);

/* Audio. A patch:Set of one of our properties to a path: which one, the path to `path`; -1: it is
 * none. An empty path is one too. */
int ddsp_message_set(const ddsp_message *message, const ddsp_uris *uris, char path[LONGEST_PATH]);

/* Audio. 1: a patch:Get. */
int ddsp_message_get(const ddsp_message *message, const ddsp_uris *uris);

/* What a host says of its transport. */
typedef struct {
    double speed;               /* 0: it stands; 1: it plays */
    double beats_per_minute, beats_per_bar, beat_unit;  /* 4: a beat is a quarter note */
    double bar, bar_beat;       /* the position; bars count from 0 */
} ddsp_transport;

/* Audio. A time:Position: takes what it says within sensible limits and leaves the rest as it was.
 * 1 where it says where the beat is, or that the transport stands. */
int ddsp_message_position(const ddsp_message *message, const ddsp_uris *uris,
                          ddsp_transport *transport);

/* Audio. Makes `notify` (whose atom.size is its room) a sequence of a patch:Set for each path of
 * `paths`; NULL: an empty sequence. What has no room is left out. */
void ddsp_messages_tell(LV2_Atom_Sequence *notify, const ddsp_uris *uris, LV2_Atom_Forge *forge,
                        const char (*paths)[LONGEST_PATH]);

#endif
