/* What plays: one model, or two with a morph between them, as a part of a rig. Made and freed
 * outside the audio thread, handed over through one atomic pointer in each direction. */
#ifndef DDSP_LV2_SOUND_H
#define DDSP_LV2_SOUND_H

#include <stdatomic.h>

#include "ddsp_kernel.h"

enum { BLOCK = 256 };           /* of the rig; the host's may be of any length */
enum { MODEL, MORPH_MODEL, MODELS };
enum { LONGEST_PATH = 1024 };   /* bytes, with its end; a host's ring for its worker has 4096 */

/* A model that was read, shared by sounds; freed with the last of them. */
typedef struct {
    ddsp_model *model;
    int users;
} ddsp_shared_model;

typedef struct ddsp_sound ddsp_sound;
struct ddsp_sound {
    ddsp_part *part;            /* NULL where a rig has freed it */
    ddsp_conditioner *conditioner;
    ddsp_shared_model *models[MODELS];
    char paths[MODELS][LONGEST_PATH];   /* "": none */
    double hop_s;
    uint32_t seed;              /* of its noise and of what a player leaves to chance */
    ddsp_sound *next;           /* in a list of those that are to be freed */
};

/* Outside the audio thread; one lock of the caller around all of them. */

/* Reads a file of at most 16 MiB. NULL, and why in `problem` (a sentence), where that fails. */
ddsp_shared_model *ddsp_shared_model_read(const char *path, const char **problem);
void ddsp_shared_model_drop(ddsp_shared_model *model);

/* NULL where the models cannot play together or there is no memory. `other` may be NULL. */
ddsp_sound *ddsp_sound_new(ddsp_shared_model *first, ddsp_shared_model *other, double sample_rate,
                           int listens, uint32_t seed);
void ddsp_sound_free(ddsp_sound *sound);

/* Both kinds of thread. A list that one thread pushes to and another takes whole. */
void ddsp_sound_push(_Atomic(ddsp_sound *) *list, ddsp_sound *sound);

#endif
