-- Makes a session with one track, which plays through one plug-in into the master bus, and saves
-- it. From the environment: SONG (a folder that is not there yet), RATE, PLUGIN (its URI) and
-- CONTROLS ("symbol=value" with spaces between).
local song, uri = os.getenv("SONG"), os.getenv("PLUGIN")
local rate = math.tointeger(os.getenv("RATE"))

AudioEngine:set_backend("None (Dummy)", "", "")
AudioEngine:set_sample_rate(rate)
assert(AudioEngine:start() == 0, "no audio engine")
assert(create_session(song, song:match("[^/]+$"), rate), "no session")

local stereo = ARDOUR.ChanCount(ARDOUR.DataType("audio"), 2)
local last, normal = ARDOUR.PresentationInfo.max_order, ARDOUR.TrackMode.Normal
local tracks
if uri:find("effect") then
    tracks = Session:new_audio_track(1, 2, nil, 1, "played", last, normal, true)
else
    local midi = ARDOUR.ChanCount(ARDOUR.DataType("midi"), 1)
    local none = ARDOUR.PluginInfo()
    tracks = Session:new_midi_track(midi, stereo, true, none, nil, nil, 1, "played", last, normal, true)
end
local processor = ARDOUR.LuaAPI.new_plugin(Session, uri, ARDOUR.PluginType.LV2, "")
assert(not processor:isnil(), "no plug-in " .. uri)
assert(tracks:front():add_processor_by_index(processor, 0, nil, true) == 0, "it does not fit")

-- Ardour's Lua names a control by its place among the control ports, and knows their labels.
local plugin = processor:to_insert():plugin(0)
local places = {}
for place = 0, plugin:parameter_count() - 1 do
    local port, there = plugin:nth_parameter(place, false)
    if there then places[plugin:parameter_label(port)] = place end
end
for symbol, value in os.getenv("CONTROLS"):gmatch("([%w_]+)=(%S+)") do
    local label = symbol:sub(1, 1):upper() .. symbol:sub(2):gsub("_", " ")
    local place = assert(places[label], "no control " .. label)
    assert(ARDOUR.LuaAPI.set_processor_param(processor, place, tonumber(value)), label)
end
Session:save_state("")
close_session()
quit()
