-- Exports a session's first FRAMES samples to OUT/exported.wav. From the environment: SONG (its
-- folder), RATE, PERIOD (samples a block), FRAMES, OUT and PRESET (the id of an export preset).
local song = os.getenv("SONG")

AudioEngine:set_backend("None (Dummy)", "", "")
AudioEngine:set_sample_rate(math.tointeger(os.getenv("RATE")))
AudioEngine:set_buffer_size(math.tointeger(os.getenv("PERIOD")))
assert(AudioEngine:start() == 0, "no audio engine")
assert(load_session(song, song:match("[^/]+$")), "no session")
local export = Session:simple_export()
assert(export:set_preset(os.getenv("PRESET")), "no such preset")
export:set_name("exported")
export:set_folder(os.getenv("OUT"))
export:set_range(0, math.tointeger(os.getenv("FRAMES")))
assert(export:check_outputs(), "no outputs")
assert(export:run_export(), "nothing exported")
close_session()
quit()
