"""The page of web/: what a visitor sees, and that nothing leaves the machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browser import Visit
from converter import START, Converter, command_line
from places import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Browser

MODELS = sorted((ROOT / "models" / "prototxt").glob("*.prototxt"))
TEXTS = ("torch", "tf", "network")


@pytest.fixture(scope="module")
def started(
    chromium: Browser, site: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Visit, Converter]]:
    """The page with Python in it, for many tests: to start takes seconds."""
    visit = Visit(chromium)
    converter = Converter(visit.open(site), tmp_path_factory.mktemp("given"))
    converter.start()
    yield visit, converter
    visit.close()


@pytest.fixture
def converter(started: tuple[Visit, Converter]) -> Iterator[Converter]:
    """The page; a test fails if it wrote an error or a warning."""
    visit, converter = started
    visit.errors.clear()
    yield converter
    assert visit.errors == []


# ---- conversions ----------------------------------------------------------------------------


@pytest.mark.parametrize("target", TEXTS)
def test_each_network_of_models_is_what_the_command_line_writes(
    converter: Converter, target: str
) -> None:
    converter.choose(target)
    for path in MODELS:
        converter.page.select_option("#example", path.stem)
        converter.done()
        assert converter.code == command_line(path, "--to", target), path.name
        assert converter.messages("problem") == []
    converter.choose("torch")


def test_options_are_those_of_the_command_line(converter: Converter) -> None:
    path = ROOT / "models" / "prototxt" / "nin_train_val.prototxt"
    converter.give(path)
    shape = "data=2,3,224,224"
    converter.page.locator("#options").evaluate("options => { options.open = true; }")
    converter.page.select_option("#options [name=phase]", "train")
    converter.page.check("#options [name=flat]")
    converter.page.fill("#options [name=name]", "Net")
    converter.page.fill("#options [name=inputs]", shape)
    converter.done()
    options = ("--phase", "train", "--input", shape, "--name", "Net", "--flat", "--to", "torch")
    assert converter.code == command_line(path, *options)
    converter.page.select_option("#options [name=phase]", "")
    converter.page.uncheck("#options [name=flat]")
    for name in ("name", "inputs"):
        converter.page.fill(f"#options [name={name}]", "")
    converter.done()


def test_a_detector_is_what_the_command_line_writes(converter: Converter) -> None:
    path = ROOT / "tests" / "golden" / "forks" / "detection_output_ssd" / "net.prototxt"
    converter.give(path)
    assert converter.messages("problem") == []
    assert converter.code == command_line(path, "--to", "torch")


def test_a_solver_is_followed_to_the_network_beside_it(converter: Converter) -> None:
    net = (ROOT / "models" / "prototxt" / "lenet.prototxt").read_text()
    solver = 'net: "net.prototxt"\nbase_lr: 0.01\nlr_policy: "fixed"\nmax_iter: 10\n'
    converter.give(("net.prototxt", net), ("solver.prototxt", solver))
    pressed = converter.page.locator(".file[aria-pressed=true]")
    assert pressed.inner_text() == "solver.prototxt"
    assert converter.messages("problem"), "a deploy net trains nothing"
    converter.page.locator("#files").get_by_text("net.prototxt", exact=True).click()
    converter.done()
    assert converter.messages("problem") == []


def test_a_caffemodel_shows_its_own_definition(converter: Converter) -> None:
    path = ROOT / "models" / "digits" / "digits.caffemodel"
    converter.give(path)
    assert converter.code == command_line(path, "--to", "torch")
    assert 'type: "Convolution"' in converter.page.input_value("#text")
    assert converter.page.locator("#text").get_attribute("readonly") is not None


def test_the_picture_is_that_of_view(converter: Converter) -> None:
    page = converter.page
    page.select_option("#example", "lenet")
    converter.done()
    page.get_by_role("tab", name="Picture").click()
    picture = page.frame_locator("#picture iframe")
    picture.locator(".layer[aria-label='conv1, Convolution']").wait_for()
    page.get_by_role("tab", name="Code").click()
    page.fill("#text", "o" + page.input_value("#text"))  # a key that opens all blocks there
    converter.done()
    assert converter.messages("problem")


def test_two_definitions_are_compared_as_by_diff(converter: Converter) -> None:
    page = converter.page
    net = (ROOT / "models" / "prototxt" / "lenet.prototxt").read_text()
    converter.give(("mine.prototxt", net.replace("num_output: 500", "num_output: 300")))
    page.get_by_role("tab", name="Compare").click()
    page.select_option("#other", "lenet")
    compared = page.frame_locator("#compare iframe")
    compared.locator(".pair.changed", has_text="ip1").wait_for()
    assert "300" in compared.locator(".story").inner_text()
    assert compared.locator("#place").inner_text().endswith("differ")  # its script has run
    page.get_by_role("tab", name="Code").click()


def test_a_file_of_the_same_name_as_a_given_one_does_not_take_its_place(
    converter: Converter, tmp_path: Path
) -> None:
    page = converter.page
    net = (ROOT / "models" / "prototxt" / "lenet.prototxt").read_text()
    solver = 'net: "net.prototxt"\nbase_lr: 0.01\nlr_policy: "fixed"\nmax_iter: 10\n'
    converter.give(("net.prototxt", net), ("solver.prototxt", solver))
    other = tmp_path / "net.prototxt"
    other.write_text(net.replace("num_output: 500", "num_output: 300"))
    page.get_by_role("tab", name="Compare").click()
    converter.done()  # with what an earlier test chose
    page.set_input_files("#open-other", other)
    compared = page.frame_locator("#compare iframe")
    compared.locator(".pair.changed", has_text="ip1").wait_for()
    page.get_by_role("tab", name="Code").click()


def test_an_example_that_cannot_be_fetched_is_said(converter: Converter) -> None:
    page = converter.page
    page.evaluate("() => { window.fetched = window.fetch; }")
    page.evaluate(
        "() => { window.fetch = async () => new Response('Not found', { status: 404 }); }"
    )
    page.select_option("#example", "alexnet")
    page.locator("#status", has_text="The example alexnet could not be fetched.").wait_for()
    page.evaluate("() => { window.fetch = window.fetched; }")
    assert "Not found" not in page.input_value("#text")


# ---- what is wrong --------------------------------------------------------------------------

BROKEN = """\
name: "Broken"
input: "data" input_shape { dim: 1 dim: 3 dim: 8 dim: 8 }
layer { name: "a" type: "Convolutoin" bottom: "data" top: "a" }
layer {
  name: "b"
  type: "Pooling"
  bottom: "data"
  top: "b"
  pooling_param { kernel_sise: 2 }
}
layer { name: "c" type: "ReLU" bottom: "b" top: "c" relu_param { negativ_slope: 1 } }
"""


def test_each_problem_of_a_broken_file_is_told_and_its_line_is_marked(
    converter: Converter,
) -> None:
    converter.give(("broken.prototxt", BROKEN))
    problems = converter.messages("problem")
    assert converter.status.startswith("3 problems")
    assert len(problems) == 3
    marked = converter.page.locator("#editor .gutter .problem").all_inner_texts()
    told = converter.page.locator("#messages .problem button.line").all_inner_texts()
    assert [f"line {number}" for number in marked] == told
    assert marked == ["3", "9", "11"]


def test_a_message_leads_to_its_line(converter: Converter) -> None:
    converter.give(("broken.prototxt", "\n" * 500 + BROKEN))
    converter.page.locator("#messages .problem button.line").first.press("Enter")
    place = converter.page.locator("#text").evaluate(
        "area => [area === document.activeElement,"
        " area.value.slice(area.selectionStart, area.selectionEnd)]"
    )
    assert place == [True, BROKEN.splitlines()[2]]


def test_what_is_mended_is_converted_at_once(converter: Converter) -> None:
    converter.give(("net.prototxt", BROKEN))
    good = 'layer { name: "data" type: "Input" top: "x" input_param { shape { dim: 2 dim: 5 } } }\n'
    converter.page.fill("#text", good + 'layer { name: "r" type: "ReLU" bottom: "x" top: "y" }\n')
    converter.done()
    assert converter.messages("problem") == []
    assert "F.relu" in converter.code or "nn.ReLU" in converter.code


def test_text_of_a_definition_is_nothing_but_text(converter: Converter) -> None:
    evil = "<img src=x onerror=alert(1)></textarea><script>alert(1)</script>"
    net = (
        f"name: '{evil}'\n"
        'layer { name: "d" type: "Input" top: "d" input_param { shape { dim: 1 dim: 3 } } }\n'
        f"layer {{ name: '{evil}' type: 'ReLU' bottom: 'd' top: 'e' }}\n"
        f"layer {{ name: 'x' type: '{evil}' bottom: 'e' top: 'f' }}\n"
    )
    converter.give(("<b>evil<b>.prototxt", net))
    assert converter.messages("problem")
    assert converter.page.locator("#result img, #result script, #source img").count() == 0
    converter.page.get_by_role("tab", name="Table").click()
    converter.page.get_by_role("tab", name="Code").click()


def test_a_file_that_is_no_definition_ends_in_its_message(converter: Converter) -> None:
    for name, content in (
        ("net.prototxt", "layer {" * 5000),
        ("net.prototxt", bytes(range(256)) * 20),
        ("weights.caffemodel", b"\x0a\xff\xff\xff\xff\x0f" + bytes(100)),
        ("net.prototxt", "a: " + "9" * 100_000),
    ):
        converter.give((name, content))
        assert converter.messages("problem"), name
        assert "bug" not in converter.messages("problem")[0]


def test_a_definition_of_100_000_layers_can_be_stopped_and_the_page_goes_on(
    converter: Converter,
) -> None:
    first = 'layer { name: "d" type: "Input" top: "d" input_param { shape { dim: 1 dim: 3 } } }\n'
    relu = 'layer { name: "r" type: "ReLU" bottom: "d" top: "d" }\n'
    deep = converter.folder / "deep.prototxt"
    deep.write_text(first + relu * 99_999)
    converter.page.set_input_files("#open", deep)
    converter.page.get_by_role("button", name="Stop").click(timeout=START)
    assert "Stopped" in converter.status
    converter.page.locator("#status", has_text="Ready").wait_for(timeout=START)
    converter.page.select_option("#example", "lenet")
    converter.done()
    assert converter.code == command_line(MODELS[0].with_stem("lenet"), "--to", "torch")


# ---- nothing is uploaded ----------------------------------------------------------------------

REFUSED = """async address => {
    try { await fetch(address); return "fetched"; } catch (error) { return String(error); }
}"""


def test_no_origin_but_its_own_is_ever_asked(
    started: tuple[Visit, Converter], converter: Converter, site: str
) -> None:
    visit, _ = started
    assert visit.asked_elsewhere(site) == []


def test_the_page_and_its_worker_cannot_reach_another_origin(visit: Visit, site: str) -> None:
    other = site.replace("127.0.0.1", "localhost")  # the same server, by another name
    page = visit.open(site)
    Converter(page, Path()).start()
    (worker,) = page.workers
    for place in (page, worker):
        assert place.evaluate(REFUSED, site + "examples/names.json") == "fetched"
        assert "Failed to fetch" in place.evaluate(REFUSED, other + "examples/names.json")
    assert [url for url in visit.requests if url.startswith(other)] == []
    assert all("Content Security Policy" in error for error in visit.errors)
    visit.errors.clear()


def test_the_address_keeps_choices_and_nothing_of_a_file(converter: Converter) -> None:
    net = (ROOT / "models" / "prototxt" / "lenet.prototxt").read_text()
    converter.give(("secret.prototxt", net.replace("conv1", "hidden")))
    converter.choose("tf")
    assert converter.page.url.endswith("#to=tf")
    converter.choose("torch")


def test_an_address_with_choices_shows_them(visit: Visit, site: str) -> None:
    page = Converter(visit.open(f"{site}#to=tf&example=lenet&flat=1&show=table"), Path())
    page.start()
    page.done()
    assert page.page.locator("#table tbody tr").count() == 9
    assert page.page.is_checked("#options [name=flat]")
    page.page.get_by_role("tab", name="Code").click()
    assert page.code == command_line(MODELS[0].with_stem("lenet"), "--to", "tf", "--flat")


def test_it_works_offline_after_the_first_visit(visit: Visit, site: str) -> None:
    page = Converter(visit.open(site), Path())
    page.start()
    page.page.evaluate("navigator.serviceWorker.ready")
    page.page.wait_for_timeout(500)
    page.page.context.set_offline(True)
    page.page.reload()
    page.start()
    page.page.select_option("#example", "lenet")
    page.done()
    assert page.code == command_line(MODELS[0].with_stem("lenet"), "--to", "torch")


# ---- for everybody ------------------------------------------------------------------------------


def test_the_page_is_there_before_python_is(visit: Visit, site: str) -> None:
    visit.page.route("**/pyodide/**", lambda route: None)  # it never comes
    page = visit.open(site)
    assert page.get_by_role("heading", name="proto2net").is_visible()
    page.select_option("#example", "lenet")
    page.locator("#editor .lines .keyword").first.wait_for()
    page.unroute_all()


@pytest.mark.parametrize("dark", [False, True])
def test_a_narrow_window_has_nothing_beside_it(visit: Visit, site: str, dark: bool) -> None:
    page = visit.again(dark=dark, width=320)
    page.goto(site)
    page.select_option("#example", "lenet")
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 320


def test_each_control_has_a_name(converter: Converter) -> None:
    controls = converter.page.locator("button, input, select, textarea, [role=tab], progress")
    for control in controls.all():
        told = control.evaluate(
            "each => each.ariaLabel || each.textContent.trim()"
            " || [...(each.labels ?? [])].map(label => label.textContent.trim()).join()"
        )
        assert told, control.evaluate("each => each.outerHTML")


def test_tabs_are_reached_by_arrow_keys(converter: Converter) -> None:
    page = converter.page
    page.get_by_role("tab", name="Code").press("ArrowLeft")  # from the first to the last
    assert page.get_by_role("tab", name="Compare").get_attribute("aria-selected") == "true"
    assert page.locator("#compare").is_visible()
    page.keyboard.press("ArrowRight")
    assert page.locator("#code").is_visible()
