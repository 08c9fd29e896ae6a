"""The page in a browser: what a reader does with it; it asks for nothing, and runs only our own."""

from __future__ import annotations

from pathlib import Path

import pytest
from browser import Visit
from pictures import hostile, shipped, ssd
from places import ROOT

import proto2net
from proto2net import Graph

NETWORKS = {
    "googlenet": lambda: proto2net.parse(ROOT / "models" / "prototxt" / "googlenet.prototxt"),
    "resnet152": lambda: proto2net.parse(ROOT / "models" / "prototxt" / "resnet152.prototxt"),
    "ssd": ssd,
    "hostile": hostile,
}


@pytest.fixture
def show(visit: Visit, tmp_path: Path):
    """Opens the page of a graph."""

    def shown(graph: Graph, **options: object):
        file = tmp_path / "net.html"
        file.write_text(proto2net.view(graph), encoding="utf-8")
        page = visit.again(**options) if options else visit.page
        return visit.open(file) and page

    return shown


@pytest.mark.parametrize("name", NETWORKS)
def test_a_page_shows_its_network_and_asks_for_nothing(name: str, visit: Visit, show) -> None:
    graph = NETWORKS[name]()
    page = show(graph)
    page.keyboard.press("o")
    assert page.locator(".layer").count() == len(graph.nodes)
    for layer in (0, len(graph.nodes) - 1):
        page.locator(f'[data-layer="{layer}"]').focus()
        assert page.locator("aside h2").text_content()
    page.keyboard.press("c")
    assert page.locator(".layer").count() <= len(graph.nodes)
    assert len(visit.requests) == 1
    assert visit.errors == []
    assert page.evaluate("window.canary") is None


def test_a_hostile_name_is_whole_in_the_card_and_no_element(show) -> None:
    graph = hostile()
    page = show(graph)
    page.keyboard.press("o")
    names = [node.name for node in graph.nodes]
    for wanted in ("</script><script>window.canary = 1</script>", "n" * 10_000):
        page.locator(f'[data-layer="{names.index(wanted)}"]').focus()
        assert page.locator("aside h2").text_content() == wanted
    assert page.locator("aside img, aside script, aside b, aside svg").count() == 0
    assert page.locator("body > script").count() == 6  # ours, and the data
    assert page.locator(".layer text").evaluate_all(
        "all => all.every(e => e.textContent.length < 60)"
    )


def test_a_click_opens_a_block_and_another_closes_it(show) -> None:
    page = show(shipped("googlenet_train_val"))
    block = page.get_by_role("button", name="inception_3: Inception")
    before = page.locator(".layer").count()
    block.click()
    assert block.get_attribute("aria-expanded") == "true"
    assert page.locator(".layer").count() == before
    page.get_by_role("button", name="inception_3a: Inception").click()
    assert page.locator(".layer").count() == before + 14
    block.click(position={"x": 20, "y": 10})
    assert page.locator(".layer").count() == before
    assert block.get_attribute("aria-expanded") == "false"


def test_an_open_picture_has_no_boxes_that_overlap(show) -> None:
    page = show(shipped("googlenet_train_val"))
    overlapping = """all => {
      const boxes = all.map((each) => each.getBoundingClientRect());
      const overlap = (a, b) => a.left < b.right - 1 && b.left < a.right - 1
        && a.top < b.bottom - 1 && b.top < a.bottom - 1;
      return boxes.flatMap((a, i) => boxes.slice(0, i).filter((b) => overlap(a, b))).length;
    }"""
    assert page.locator(".layer, .block").evaluate_all(overlapping) == 0
    page.get_by_role("button", name="inception_4: Inception").focus()
    page.keyboard.press("Enter")
    assert page.locator(".layer, .block").evaluate_all(overlapping) == 0
    page.keyboard.press("o")
    assert page.locator(".layer, .block").evaluate_all(overlapping) == 0


def test_hover_shows_the_card_of_a_layer_and_a_click_keeps_it(show) -> None:
    page = show(shipped("alexnet"))
    card = page.locator("aside")
    assert "parameters" in card.inner_text()
    page.locator(".layer", has_text="conv1").first.hover()
    text = card.inner_text()
    for part in ("conv1", "Convolution", "data: 10 × 3 × 227 × 227", "conv1: 10 × 96 × 55 × 55"):
        assert part in text
    for part in ("34,944", "105,415,200", "11 × 11 pixels", "alexnet.prototxt:", "num_output: 96"):
        assert part in text
    assert "nn.Conv2d(3, 96, kernel_size=11, stride=4)" in text
    assert "layers.Conv2D(96, 11" in text
    page.locator(".layer", has_text="pool1").click()
    page.locator(".layer", has_text="conv2").first.hover()
    assert card.locator("h2").inner_text() == "conv2"
    page.locator("h1").hover()
    assert card.locator("h2").inner_text() == "pool1"
    assert page.locator(".route.lit").count() == 2
    page.keyboard.press("Escape")
    assert card.locator("h2").inner_text() == "AlexNet"


def test_search_finds_names_types_and_blobs_and_opens_blocks(show) -> None:
    page = show(shipped("resnet50"))
    page.keyboard.press("/")
    page.keyboard.type("res4c_branch2b")
    assert page.locator("output").inner_text() == "5"
    page.keyboard.press("Enter")
    assert page.locator("output").inner_text() == "1 of 5"
    assert page.locator("aside h2").inner_text() == "res4c_branch2b"
    assert page.locator(".chosen .name").text_content() == "res4c_branch2b"
    page.keyboard.press("Enter")
    assert page.locator("output").inner_text() == "2 of 5"
    page.locator("input").fill("eltwise")
    assert page.locator("output").inner_text() == "16"
    page.locator("input").fill("no such layer")
    assert page.locator("output").inner_text() == "0"


def test_keys_go_from_box_to_box_and_open_blocks(show) -> None:
    page = show(shipped("resnet50"))
    page.locator(".layer").first.focus()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    name = page.locator("aside h2").inner_text()
    assert name == "scale_conv1"
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    assert page.locator("aside h2").inner_text() == "res2"
    page.keyboard.press("Enter")
    assert page.locator(".block.chosen").get_attribute("aria-expanded") == "true"
    page.keyboard.press("Tab")
    assert page.locator("aside h2").inner_text() == "res2a"


def test_the_picture_zooms_and_moves(show) -> None:
    page = show(shipped("vgg16"))
    first = page.locator(".layer").first

    def width() -> float:
        return first.bounding_box()["width"]

    before = width()
    page.keyboard.press("+")
    assert width() == pytest.approx(1.3 * before, rel=0.02)
    page.mouse.move(300, 300)
    page.mouse.wheel(0, 400)
    page.wait_for_timeout(50)
    assert width() < before
    at = first.bounding_box()
    page.mouse.move(50, 400)
    page.mouse.down()
    page.mouse.move(90, 430)
    page.mouse.up()
    moved = first.bounding_box()
    assert (moved["x"] - at["x"], moved["y"] - at["y"]) == pytest.approx((40, 30), abs=1)
    page.keyboard.press("ArrowLeft")
    assert first.bounding_box()["x"] == pytest.approx(moved["x"] + 60, abs=1)
    page.keyboard.press("0")
    whole = page.locator("svg > g").bounding_box()
    room = page.locator("svg").bounding_box()
    assert room["y"] <= whole["y"]
    assert whole["y"] + whole["height"] <= room["y"] + room["height"] + 1


def test_what_a_target_refuses_is_told_in_the_card(show) -> None:
    page = show(
        proto2net.parse(
            'layer { name: "a" type: "Input" top: "a" input_param { shape { dim: 2 dim: 3 } } }'
            'layer { name: "out" type: "HDF5Output" bottom: "a" bottom: "a" '
            'hdf5_output_param { file_name: "x" } }'
        )
    )
    page.locator(".layer").first.focus()
    assert "writing a file is not supported in torch" in page.locator("aside").inner_text()


@pytest.mark.parametrize("dark", [False, True])
def test_a_narrow_window_has_all_in_it(show, dark: bool) -> None:
    page = show(shipped("vgg16"), dark=dark, width=360)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert page.locator("svg").bounding_box()["height"] > 250
    page.locator(".layer").first.click()
    assert page.locator("aside h2").inner_text() == "input"
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == ("rgb(20, 23, 27)" if dark else "rgb(255, 255, 255)")


def test_the_picture_is_saved_as_it_is_seen(show, tmp_path: Path) -> None:
    from xml.etree import ElementTree

    page = show(shipped("googlenet_train_val"))
    page.keyboard.press("0")
    page.get_by_role("button", name="inception_5: Inception").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save SVG").click()
    download.value.save_as(tmp_path / "saved.svg")
    root = ElementTree.parse(tmp_path / "saved.svg").getroot()  # noqa: S314  # our own
    frames = [each for each in root.iter() if each.get("class") == "frame"]
    assert len(frames) == 1


def test_paper_gets_the_picture_alone(show) -> None:
    page = show(shipped("vgg16"))
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert not page.locator("header").is_visible()
    assert not page.locator("aside").is_visible()
    picture = page.locator("svg").bounding_box()
    last = page.locator(".layer").last.bounding_box()
    assert last["y"] + last["height"] <= picture["y"] + picture["height"]
