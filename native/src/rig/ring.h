/* Single producer, single consumer, fixed slots, no lock: each side owns one index.
 * Slots are written and read in place.
 */
#ifndef DDSP_RING_H
#define DDSP_RING_H

#include <stdatomic.h>
#include <stddef.h>

typedef struct {
    unsigned char *slots;
    size_t slot_size;
    unsigned mask;          /* slots - 1; their number is a power of two */
    char apart0[64];        /* the two indices in different cache lines */
    atomic_uint written;    /* producer's: slots ever filled, modulo 2^32 */
    char apart1[64];
    atomic_uint taken;      /* consumer's */
} ddsp_ring;

/* Setup. Room for at least n slots (1..65536); 0 where there is no memory. */
int ddsp_ring_prepare(ddsp_ring *ring, unsigned n, size_t slot_size);

/* Setup. */
void ddsp_ring_free(ddsp_ring *ring);

/* Producer. The slot to fill, NULL when all are full; ddsp_ring_push makes it seen. */
void *ddsp_ring_slot(ddsp_ring *ring);
void ddsp_ring_push(ddsp_ring *ring);

/* Consumer. How many slots there are to read, and the i-th of them (0: the oldest). */
unsigned ddsp_ring_count(ddsp_ring *ring);
const void *ddsp_ring_at(ddsp_ring *ring, unsigned i);

/* Consumer. Gives the oldest n back; n <= ddsp_ring_count. */
void ddsp_ring_pop(ddsp_ring *ring, unsigned n);

#endif
