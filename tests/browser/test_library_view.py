"""Presets are kept, named and ordered; models are uploaded, played and removed."""

import shutil

import pytest
import tiny_decoder
from bundle_versions import make_version
from file_server import serving

from ddsp_edge.bundles.bundle import read_bundle, write_bundle
from ddsp_edge.library.collection import make_index
from ddsp_edge.library.folders import shipped_folder

VIEW = "presets"
YES = "dialog button[type=submit]"
ABOUT = "return document.querySelector(arguments[0])?.textContent ?? ''"


@pytest.fixture
def library(phone):
    return phone


def preset_names(engine):
    return [row["name"] for row in engine.call("presets")["presets"]]


def save(phone, name):
    phone.tap("#save")
    phone.until(lambda: phone.shown("dialog input"))
    field = phone.find("dialog input")
    field.clear()
    field.send_keys(name)
    phone.tap(YES)
    phone.until(lambda: phone.shown(f"#preset-list li[data-name='{name}']"))


def more(phone, name, label):
    """Opens a preset's menu and taps there."""
    if not phone.shown(f"[aria-label='{label}']"):
        phone.tap(f"li[data-name='{name}'] summary")
    phone.tap(f"[aria-label='{label}']")


def test_presets_are_saved_ordered_renamed_played_and_removed(library, engine):
    for name in ("Alto", "Bass", "Coda"):
        save(library, name)
    assert preset_names(engine) == ["Alto", "Bass", "Coda"]
    more(library, "Coda", "Move Coda up")
    library.until(lambda: preset_names(engine) == ["Alto", "Coda", "Bass"])
    more(library, "Coda", "Rename Coda")
    library.until(lambda: library.shown("dialog input"))
    library.find("dialog input").clear()
    library.find("dialog input").send_keys("Finale")
    library.tap(YES)
    library.until(lambda: preset_names(engine) == ["Alto", "Finale", "Bass"])
    library.tap("li[data-name=Alto] .play")
    library.until(lambda: engine.call("status")["preset"] == "Alto")
    library.until(lambda: library.shown("li[data-name=Alto] .play[aria-current]"))
    more(library, "Finale", "Remove Finale")
    library.tap(YES)
    library.until(lambda: preset_names(engine) == ["Alto", "Bass"])
    library.until(lambda: not library.shown("li[data-name=Finale]"))


def test_a_preset_is_duplicated_downloaded_and_uploaded(library, engine, tmp_path):
    engine.call("set", values={"reverb_wet": 0.4})
    save(library, "Solo")
    engine.call("set", values={"reverb_wet": 0.15})
    more(library, "Solo", "Duplicate Solo")
    library.until(lambda: library.shown("dialog input"))
    assert library.run("return document.querySelector('dialog input').value") == "Solo 2"
    library.tap(YES)
    library.until(lambda: preset_names(engine)[-2:] == ["Solo", "Solo 2"])
    assert engine.call("preset_read", name="Solo 2") | {"name": "Solo"} == engine.call(
        "preset_read", name="Solo"
    )
    downloads = tmp_path / "downloads"
    library.driver.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(downloads)}
    )
    more(library, "Solo 2", "Download Solo 2")
    file = downloads / "Solo 2.toml"
    library.until(file.exists)
    library.until(lambda: "reverb_wet = 0.4" in file.read_text())
    text = file.read_text()
    # What is uploaded under a taken name replaces it, once that is confirmed.
    file.write_text(text.replace("0.4", "0.6"))
    library.find("#preset-upload").send_keys(str(file))
    library.tap(YES)
    library.until(lambda: library.text("#preset-upload-done") == "Solo 2 is stored.")
    settings = engine.call("preset_read", name="Solo 2")["preset"]["settings"]
    assert settings["reverb_wet"] == 0.6
    broken = tmp_path / "broken.toml"
    broken.write_text('model = "../../etc/passwd"')
    library.find("#preset-upload").send_keys(str(broken))
    library.until(lambda: "may not name paths" in library.text("#preset-upload-problem"))
    for name in ("Solo", "Solo 2"):
        engine.call("preset_remove", name=name)


def test_next_goes_through_a_set_list(library, engine):
    for name in ("One", "Two"):
        engine.call("preset_save", name=name)
    library.until(lambda: library.shown("li[data-name=Two]"))
    library.tap("#setlist-new")
    library.until(lambda: library.shown("dialog input"))
    library.find("dialog input").send_keys("Friday")
    library.tap(YES)
    library.until(lambda: engine.call("presets")["setlist"] == "Friday")
    library.until(lambda: library.shown(".editor"))
    library.tap(".editor summary")
    library.tap("[aria-label='Take One out']")
    library.until(lambda: "One" not in engine.call("presets")["setlists"]["Friday"])
    library.tap(".editor .danger")
    library.tap(YES)
    library.until(lambda: engine.call("presets")["setlists"] == {})


def upload(phone, path):
    phone.find("#upload").send_keys(str(path))


def test_a_good_model_is_installed_heard_of_played_and_removed(library, engine, tmp_path):
    path = tmp_path / "tiny.zip"
    write_bundle(path, tiny_decoder.tiny_bundle())
    upload(library, path)
    card = "#model-list li[data-name=tiny]"
    library.until(lambda: library.shown(card))
    assert "Tiny" in library.text(f"{card} h2")
    library.tap("[aria-label='Play Tiny']")
    library.until(lambda: engine.call("status")["model"] == "tiny")
    library.until(lambda: library.shown(f"{card}.current"))
    library.tap("[aria-label='Play Violin']")
    library.until(lambda: engine.call("status")["model"] == "violin")
    library.tap("[aria-label='Remove Tiny']")
    library.tap(YES)
    library.until(lambda: not library.shown(card))
    assert "tiny" not in [row["name"] for row in engine.call("models")["models"]]


def test_a_model_goes_back_to_the_version_before(library, engine, tmp_path):
    card = "#model-list li[data-name=toy-flute]"
    for number in (1, 2):
        upload(library, make_version(tmp_path / f"{number}.zip", number))
        library.until(lambda n=number: f"version {n}" in library.run(ABOUT, f"{card} .about"))
    library.tap("[aria-label='Roll back Toy Flute']")
    library.tap(YES)
    library.until(lambda: "version 1" in library.run(ABOUT, f"{card} .about"))
    library.until(lambda: not library.shown("[aria-label='Roll back Toy Flute']"))
    library.tap("[aria-label='Remove Toy Flute']")
    library.tap(YES)
    library.until(lambda: not library.shown(card))


def test_what_was_put_into_the_folder_is_found_when_looked_for(library, box):
    folder = box.folder / "state" / "models"
    folder.mkdir(parents=True, exist_ok=True)
    write_bundle(folder / "copied.zip", tiny_decoder.tiny_bundle())
    library.tap("#models-refresh")
    library.until(lambda: library.shown("#model-list li[data-name=copied]"))
    (folder / "copied.zip").unlink()
    library.tap("#models-refresh")
    library.until(lambda: not library.shown("#model-list li[data-name=copied]"))


def test_a_bad_model_is_refused_and_the_reason_shown(library, engine, tmp_path):
    path = tmp_path / "broken.zip"
    path.write_bytes(b"this is no zip")
    upload(library, path)
    library.until(lambda: "broken.zip was not taken" in library.text("#upload-problem"))
    assert len(library.text("#upload-problem")) > len("broken.zip was not taken: ") + 10
    assert "broken" not in [row["name"] for row in engine.call("models")["models"]]
    assert str(tmp_path) not in library.text("#upload-problem")


def test_what_is_said_about_a_model_has_its_picture(library):
    card = "#model-list li[data-name=violin]"
    library.tap(f"{card} summary")
    width = "return document.querySelector(arguments[0])?.naturalWidth"
    library.until(lambda: library.run(width, f"{card} .picture img") == 880)


def test_the_preview_of_a_shipped_model_plays(library):
    css = "[aria-label='Listen to Violin']"
    library.tap(css)
    library.until(lambda: library.value(css, "aria-pressed") == "true")
    library.tap(css)
    library.until(lambda: library.value(css, "aria-pressed") == "false")


def test_a_model_is_tagged_found_by_its_tag_renamed_and_downloaded(library, engine, tmp_path):
    path = tmp_path / "tiny.zip"
    write_bundle(path, tiny_decoder.tiny_bundle())
    upload(library, path)
    card = "#model-list li[data-name=tiny]"
    library.until(lambda: library.shown(card))
    assert "GB free" in library.text("#model-space")

    def answer(button, text):
        library.tap(f"[aria-label='{button}']")
        library.until(lambda: library.shown("dialog input"))
        library.find("dialog input").clear()
        library.find("dialog input").send_keys(text)
        library.tap(YES)

    answer("Tags of Tiny", "Bright, small room")
    library.until(lambda: library.text(f"{card} .tags").split("\n") == ["bright", "small room"])
    answer("Rename Tiny", "Grandma")
    library.until(lambda: library.text(f"{card} h2") == "Grandma")
    library.driver.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path / "d")}
    )
    library.tap("[aria-label='Download Grandma']")
    file = tmp_path / "d" / "tiny.zip"
    library.until(file.exists)
    library.until(lambda: read_bundle(file).info.name == "Grandma")
    library.tap("#tab-play")
    library.tap("#choose")
    library.until(lambda: library.shown("#pick-search"))
    library.find("#pick-search").send_keys("small room")
    library.until(lambda: library.text(".picks strong") == "Grandma")
    library.tap("#pick-close")
    library.tap("#tab-presets")
    library.tap("[aria-label='Remove Grandma']")
    library.tap(YES)
    library.until(lambda: not library.shown(card))


def test_a_collection_is_opened_heard_searched_and_installed_from(library, engine, tmp_path):
    folder = tmp_path / "collection"
    folder.mkdir()
    write_bundle(folder / "tiny.zip", tiny_decoder.tiny_bundle())
    shutil.copy(shipped_folder() / "violin.zip", folder)
    make_index(folder, "Test strings")
    with serving(folder) as address:
        library.tap("#collections > summary")
        library.find("#collection-address").send_keys(f"{address}none/")
        library.tap("#collection-open")
        library.until(lambda: "answers 404" in library.text("#collection-problem"))
        library.find("#collection-address").clear()
        library.find("#collection-address").send_keys(address)
        library.tap("#collection-open")
        library.until(lambda: library.text("#collection-title") == "Test strings: 2 models")
        violin = "#offered li[data-name=violin]"
        assert "CC BY 3.0" in library.text(violin) and "strings" in library.text(violin)
        listen = "#offered [aria-label='Listen to Violin']"
        library.tap(listen)
        library.until(lambda: library.value(listen, "aria-pressed") == "true")
        library.tap(listen)
        library.find("#collection-search").send_keys("tiny")
        library.until(lambda: not library.shown(violin))
        library.tap("[aria-label='Install Tiny']")
        library.until(lambda: library.shown("#model-list li[data-name=tiny]"))
    library.tap("[aria-label='Remove Tiny']")
    library.tap(YES)
    library.until(lambda: not library.shown("#model-list li[data-name=tiny]"))
