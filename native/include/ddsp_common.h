/* ddsp_common.h: limits and status codes of the ddsp-edge kernel, and its rules.
 *
 * A C file includes ddsp_kernel.h, which includes every area's header. Each area's header is
 * also read as the cffi cdef (native/build_kernel.py lists them), so it holds no #include and
 * no #ifdef.
 *
 * Threads. "Setup" functions (new, prepare, free) may allocate and fail, and
 * are called from any one thread while no other uses the object. "Audio"
 * functions never allocate, lock, log or fail; they are called from the one
 * thread that owns the object. "Control" functions (of part and rig) are called
 * from one other thread while the audio thread runs; they never block and never
 * allocate. Units are Hz, seconds and dB.
 * Objects are independent: different threads may use different objects.
 *
 * No audio function ever writes a NaN, an infinity or a denormal: bad input
 * (NaN, out of range) is replaced by the nearest sane value.
 */

enum {
    DDSP_MAX_HARMONICS = 128,
    DDSP_MAX_NOISE_BANDS = 129,
    DDSP_MAX_BLOCK = 8192,
    DDSP_MAX_VOICES = 16
};

/* What prepare returns. */
enum {
    DDSP_OK = 0,
    DDSP_BAD_ARGUMENT = -1,   /* a value is outside the documented range */
    DDSP_NO_MEMORY = -2
};
