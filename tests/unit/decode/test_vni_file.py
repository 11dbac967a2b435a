"""pvesdn-vnis.cfg: the VNIs that VNets of the panel were given."""

import pytest

from pvesdn.decode.definitions.sdn_files import decode_sdn
from pvesdn.errors import SdnConfigError
from pvesdn.model.vnis import VniTable

WEB = "vni: 10001\n\tvnet web\n\tzone prod\n\n"
DB = "vni: 10000\n\tvnet db\n\tzone prod\n\n"


def read(text: str) -> VniTable | None:
    return decode_sdn({"pvesdn.cfg": "", "pvesdn-vnis.cfg": text}, intent="pending").config.vnis


def test_vnis_are_in_their_order_whatever_order_the_file_has() -> None:
    found = read("# given by pvesdn apply\n\n" + WEB + DB)
    assert found is not None
    assert [(given.vni, given.vnet, given.zone) for given in found.given] == [
        (10000, "db", "prod"),
        (10001, "web", "prod"),
    ]


def test_a_vnet_may_have_former_vnis_besides_its_own() -> None:
    former = "\tformer 1\n\n"
    found = read(
        WEB + WEB.replace("10001", "7").rstrip() + "\n" + former + WEB.replace("10001", "8").rstrip() + "\n" + former
    )
    assert found is not None
    assert [(given.vni, given.is_former) for given in found.given] == [(7, True), (8, True), (10001, False)]


def test_an_empty_file_is_there() -> None:
    assert read("") == VniTable()
    assert decode_sdn({"pvesdn.cfg": ""}, intent="pending").config.vnis is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (WEB + WEB.replace("web", "db"), "pvesdn-vnis.cfg:5: VNI '10001': id is already used by the VNI at"),
        (WEB.replace("10001", "0"), "pvesdn-vnis.cfg:1: VNI '0': id 0 is out of range"),
        (WEB.replace("10001", "many"), "pvesdn-vnis.cfg:1: VNI 'many': id 'many' is not a whole number"),
        (WEB.replace("\tzone prod\n", ""), "pvesdn-vnis.cfg:1: VNI '10001': zone is missing"),
        (WEB.replace("zone prod", "zone prod\n\talias x"), "alias' is not a property of type vni"),
        (WEB.replace("vni:", "vnet:"), "VNI '10001': unknown section type"),
        (WEB + "nonsense\n", "pvesdn-vnis.cfg:5"),
    ],
)
def test_bad_input_is_named_with_its_place(text: str, said: str) -> None:
    with pytest.raises(SdnConfigError) as caught:
        read(text)
    assert len(caught.value.lines) == 1
    assert said in caught.value.lines[0]
