"""A receipt as a consent record: what ISO/IEC TS 27560 makes mandatory is there, and every term is one that DPV defines."""

import functools
import json
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import rdflib
from rdflib import OWL, RDF, SKOS, URIRef
from rdflib.compare import isomorphic
from rdflib.namespace import DCTERMS, XSD
from rdflib.plugins.sparql import prepareQuery
from tests.sdk import kept as made

import mien_policies
from mien.consent import ReceiptFile, dpv_receipt, notice_hash, open_receipt_file
from mien.consent.dpv import CONTEXT
from mien.errors import ReceiptInvalid
from mien.values import CONSENT_STATES, STANDING
from mien.wire.lifecycle import DPV

pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")
"""rdflib 7.6 warns of what its own reader of JSON-LD does."""
DATA = Path(__file__).resolve().parents[3] / "shared/data/dpv"
TERMS = Path(__file__).with_name("dpv_terms.json")
FILES = {
    "dpv": "dpv.ttl", "pd": "pd.ttl", "ai": "ai.ttl", "eu-gdpr": "eu-gdpr.ttl", "eu-aiact": "eu-aiact.ttl",
    "dpv-27560": "dpv-27560.ttl",
}  # fmt: skip
"""Which file defines which prefix. `loc` (ISO 3166 places) is not among them: the data has no `loc.ttl`; `law` is our own."""
PLACES = ("EU-DE", "EU", "UK", "US-IL", "US-TX", "US-WA", "CN", "BR", "IN", "KR")
ROLES = ("customer", "student", "patient", "client", "employee", "candidate")
NEVER_ANSWERED = {"none", "requested", "deferred"}
"""States of a consent that no receipt is about."""


def everything(state: str = "given", **changes: Any) -> ReceiptFile:
    """All purposes at once, so that every term that can be used is used."""
    purposes = list(made.PURPOSES)
    said = made.consent(purposes, **changes)
    return made.kept(said, outcome=state, purposes=purposes, jurisdictions=list(PLACES))


FILES_OF: dict[str, ReceiptFile] = {
    "given": made.kept(),
    "given for everything everywhere": everything(),
    "renewed": everything("renewed"),
    "expired": everything("expired"),
    "invalidated": everything("invalidated"),
    "given in part": made.granted_in_part(),
    "given in a place nobody knows": made.kept(jurisdictions=["EU-DE", "ZZ", "XX", "EU-EL", "US-ZZ"]),
    "given in Illinois": made.kept(
        made.consent(release=made.release(), places=["US-IL"]), jurisdictions=["US-IL"],
    ),
    "given for a mood": made.kept(made.consent(("declare_mood",)), purposes=["declare_mood"]),
    "given by a guardian": made.kept(made.childs(made.approval())),
    "refused": made.refused(),
    "withdrawn": made.withdrawn(),
    "withdrawn with the recovery code": made.withdrawn(by=made.RECOVERY),
    "revoked": made.withdrawn(by=made.GUARDIAN, outcome="revoked"),
    **{f"given by a {role}": made.kept(made.consent(role=role)) for role in ROLES},
}  # fmt: skip


def exported(file: ReceiptFile) -> dict[str, Any]:
    return dpv_receipt(open_receipt_file(file, made.TRUST))


@functools.cache
def graph_of(name: str) -> rdflib.Graph:
    """The graph that any reader of JSON-LD gets, without a network."""
    return rdflib.Graph().parse(data=json.dumps(exported(FILES_OF[name])), format="json-ld")


def every() -> Iterable[rdflib.Graph]:
    return (graph_of(name) for name in FILES_OF)


# ---- the mandatory fields ----
RECORD = "?receipt a dpv:ConsentReceipt ; dct:hasPart ?record . ?record a dpv:ConsentRecord . "
BARE = """@prefix dpv: <https://w3id.org/dpv#> . @prefix dct: <http://purl.org/dc/terms/> .
[] a dpv:ConsentReceipt ; dct:hasPart [ a dpv:ConsentRecord ] ."""
MANDATORY = {
    "schema_version": "?receipt dct:conformsTo dpv-27560:receipt . ?record dct:conformsTo dpv-27560:record .",
    "receipt_id": "?receipt dct:identifier ?id ; dpv:hasIdentifier ?id .",
    "record_id": "?record dct:identifier ?id ; dpv:hasIdentifier ?id .",
    "pii_principal_id": "?record dpv:hasDataSubject ?who . ?who a dpv:DataSubject ; dpv:hasIdentifier ?id . FILTER(isIRI(?who))",
    "privacy_notice": "?record dpv:hasNotice ?notice . ?notice a dpv:ConsentNotice ; dct:identifier ?sha ; dct:title ?title .",
    "language": "?record dpv:hasNotice/dct:language ?language . ?receipt dct:language ?language .",
    "purpose": "?record dpv:hasProcess/dpv:hasPurpose ?purpose . FILTER(isIRI(?purpose))",
    "pii_type": "?record dpv:hasProcess/dpv:hasPersonalData ?data . FILTER(isIRI(?data))",
    "retention_period": (
        "?record dpv:hasProcess/dpv:hasStorageCondition ?storage . ?storage a dpv:StorageDuration ; dpv:hasDuration/rdf:value ?days . "
        "FILTER(datatype(?days) = xsd:duration)"
    ),
    "storage_location": "?record dpv:hasProcess/dpv:hasStorageCondition ?storage . ?storage a dpv:StorageLocation ; dpv:hasLocation ?where .",
    "pii_controllers": "?record dpv:hasDataController ?c . ?c a dpv:DataController ; dpv:hasName ?n ; dpv:hasAddress ?a ; dpv:hasContact ?k .",
    "recipients": "?record dpv:hasRecipient/dpv:hasName ?name .",
    "lawful_basis": "?record dpv:hasProcess/dpv:hasLegalBasis ?basis . FILTER(isIRI(?basis))",
    "event_state": "?record dpv:hasConsentStatus/rdf:type ?state . FILTER(isIRI(?state))",
    "event_time": "?record dpv:hasConsentStatus/dpv:isIndicatedAtTime ?at . FILTER(datatype(?at) = xsd:dateTime)",
    "validity_duration": "?record dpv:hasConsentStatus/dpv:hasDuration/rdf:type ?kind .",
    "entity_id": "?record dpv:hasConsentStatus/dpv:isIndicatedBy/rdf:type ?kind . ?record dpv:hasConsentStatus/dpv:hasIndicationMethod ?how .",
    "withdrawal_method": "?record dpv:hasConsentControl ?c . ?c a dpv:WithdrawConsent ; dpv:isExercisedAt ?url . FILTER(isIRI(?url))",
    "jurisdiction": "?record dpv:hasJurisdiction ?place . FILTER(strstarts(str(?place), 'https://w3id.org/dpv/loc#'))",
}  # fmt: skip
"""The M fields of `LAW.md`'s table (ISO/IEC TS 27560:2023), each as the pattern that must match."""


@pytest.mark.parametrize("field", MANDATORY)
def test_every_mandatory_field_is_there(field: str) -> None:
    query = prepareQuery(f"ASK {{ {RECORD} {MANDATORY[field]} }}", initNs=dict(CONTEXT))
    missing = [name for name in FILES_OF if graph_of(name).query(query).askAnswer is not True]
    assert missing == []
    bare = rdflib.Graph().parse(data=BARE, format="turtle")
    assert (
        bare.query(query).askAnswer is False
    )  # a pattern that matches anything would prove nothing


@pytest.mark.parametrize("name", FILES_OF)
def test_each_process_is_whole(name: str) -> None:
    """Purpose, data, processing, basis, storage and status stand at each process: nothing is true of one purpose because of another."""
    graph = graph_of(name)
    processes = list(graph.subjects(RDF.type, URIRef(CONTEXT["dpv"] + "Process")))
    assert processes
    for process in processes:
        for term in ("hasPurpose", "hasPersonalData", "hasProcessing", "hasLegalBasis", "hasStorageCondition", "hasConsentStatus"):  # fmt: skip
            assert list(graph.objects(process, URIRef(CONTEXT["dpv"] + term))), term


# ---- the terms ----
def prefix_of(iri: str) -> str | None:
    """The longest prefix an IRI begins with, of those that DPV publishes and those beside them."""
    fitting = [name for name, start in CONTEXT.items() if iri.startswith(start)]
    return max(fitting, key=lambda name: len(CONTEXT[name]), default=None)


def named(graph: rdflib.Graph) -> Iterable[str]:
    """Every IRI of a graph, those of datatypes too."""
    for part in {part for triple in graph for part in triple}:
        if isinstance(part, URIRef):
            yield str(part)
        elif isinstance(part, rdflib.Literal) and part.datatype is not None:
            yield str(part.datatype)


@functools.cache
def used() -> dict[str, set[str]]:
    """Every IRI of every export by its prefix, as `prefix:name`."""
    found: dict[str, set[str]] = {name: set() for name in CONTEXT}
    for node in {node for graph in every() for node in named(graph)}:
        prefix = prefix_of(node)
        if prefix is None:
            assert node.startswith(f"{made.URL}/"), node
        else:
            found[prefix].add(f"{prefix}:{node.removeprefix(CONTEXT[prefix])}")
    return found


def test_the_terms_used_are_those_that_are_listed() -> None:
    """The list is committed, so that it can be held without the data; the next test holds the list itself against the data."""
    terms = {term for prefix, names in used().items() if prefix in FILES for term in names}
    assert terms == json.loads(TERMS.read_text()).keys()


@pytest.fixture(scope="module")
def published() -> dict[str, rdflib.Graph]:
    if not DATA.is_dir():
        pytest.skip(
            "NOT HERE: the Data Privacy Vocabulary in ../shared, which is not part of the project"
        )
    return {name: rdflib.Graph().parse(DATA / file) for name, file in FILES.items()}


def test_every_listed_term_is_defined_by_dpv(published: dict[str, rdflib.Graph]) -> None:
    """Defined: the file of its vocabulary says that it is a class or property, under the label that is listed."""
    for term, label in json.loads(TERMS.read_text()).items():
        prefix, _, name = term.partition(":")
        iri = URIRef(CONTEXT[prefix] + name)
        graph = published[prefix]
        assert {RDF.Property, SKOS.Concept} & set(graph.objects(iri, RDF.type)), term
        labels = {
            str(text)
            for about in (SKOS.prefLabel, DCTERMS.title)
            for text in graph.objects(iri, about)
        }
        assert label in labels, term


def test_a_term_that_does_not_exist_would_be_noticed(published: dict[str, rdflib.Graph]) -> None:
    for prefix, name in (("eu-gdpr", "GDPR"), ("dpv", "ConsentTerminated"), ("dpv", "hasDataStorageCondition"), ("dpv", "EmotionalState")):  # fmt: skip
        assert not list(published[prefix].objects(URIRef(CONTEXT[prefix] + name), RDF.type))


def test_properties_are_properties_and_classes_are_not(published: dict[str, rdflib.Graph]) -> None:
    for graph in every():
        for subject, predicate, value in graph:
            prefix = prefix_of(str(predicate))
            if prefix in FILES:
                assert RDF.Property in set(published[prefix].objects(predicate, RDF.type)), (
                    predicate
                )
            if predicate == RDF.type and (kind := prefix_of(str(value))) in FILES:
                assert RDF.Property not in set(published[kind].objects(value, RDF.type)), (
                    subject,
                    value,
                )


def test_what_is_not_dpv_s_is_well_known_or_said_to_be_ours() -> None:
    names = used()
    assert names["law"] == {"law:BIPA", "law:CUBI", "law:MHMDA"}
    assert names["loc"] == {"loc:DE", "loc:EU", "loc:GB", "loc:US-IL", "loc:US-TX", "loc:US-WA", "loc:CN", "loc:BR", "loc:IN", "loc:KR"}  # fmt: skip
    assert names["xsd"] == {"xsd:dateTime", "xsd:duration"}
    for prefix, vocabulary in (("dct", DCTERMS), ("rdf", RDF), ("xsd", XSD), ("owl", OWL)):
        assert {name for name in names[prefix] if name.partition(":")[2] not in vocabulary} == set()


def test_the_states_are_dpv_s(published: dict[str, rdflib.Graph]) -> None:
    assert set(DPV) == set(CONSENT_STATES)
    graph, dpv = published["dpv"], CONTEXT["dpv"]
    valid = {name for name in CONSENT_STATES if (URIRef(dpv + DPV[name]), SKOS.broader, URIRef(dpv + "ConsentStatusValidForProcessing")) in graph}  # fmt: skip
    assert valid == set(STANDING)


# ---- the document ----
@pytest.mark.parametrize("name", FILES_OF)
def test_the_graph_survives_being_written_as_turtle(name: str) -> None:
    graph = graph_of(name)
    again = rdflib.Graph().parse(data=graph.serialize(format="turtle"), format="turtle")
    assert isomorphic(graph, again)
    assert len(graph) > 50


def test_the_context_is_in_the_document() -> None:
    context = exported(made.kept())["@context"]
    assert isinstance(context, dict)
    assert all(isinstance(value, str) and value[-1] in "#/" for value in context.values())


def test_nothing_is_named_twice_or_left_empty() -> None:
    def walk(value: Any) -> None:
        assert value not in ([], {}, "", None)
        for item in (
            value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        ):
            walk(item)

    for file in FILES_OF.values():
        document = exported(file)
        assert isinstance(document["dct:hasPart"]["dpv:hasProcess"], list)
        walk(document)


# ---- what it says ----
def record(file: ReceiptFile) -> dict[str, Any]:
    part: dict[str, Any] = exported(file)["dct:hasPart"]
    return part


def states(file: ReceiptFile) -> list[str]:
    return [event["@type"] for event in record(file)["dpv:hasConsentStatus"]]


@pytest.mark.parametrize("state", sorted(set(CONSENT_STATES) - NEVER_ANSWERED))
def test_every_state_a_receipt_can_be_about_has_its_dpv_name(state: str) -> None:
    file = made.withdrawn(outcome=state) if state in {"withdrawn", "revoked"} else made.kept(outcome=state)  # fmt: skip
    assert states(file) == [f"dpv:{DPV[state]}"]


def test_a_consent_granted_in_part_has_two_states_each_with_its_own_purposes() -> None:
    file = FILES_OF["given in part"]
    assert states(file) == ["dpv:ConsentGiven", "dpv:ConsentRefused", "dpv:ConsentRefused"]
    status = {process["dct:identifier"]: process["dpv:hasConsentStatus"]["@id"].rpartition("-")[2] for process in record(file)["dpv:hasProcess"]}  # fmt: skip
    assert status == {
        "personalize_offers": "given",
        "adapt_service": "adapt_service",
        "contribute": "contribute",
    }
    ids = [event["@id"] for event in record(file)["dpv:hasConsentStatus"]]
    assert {
        process["dpv:hasConsentStatus"]["@id"] for process in record(file)["dpv:hasProcess"]
    } == set(ids)
    assert len(set(ids)) == 3


def test_each_refused_purpose_has_its_own_law_and_no_reason_of_the_yes() -> None:
    given, school, bundled = record(FILES_OF["given in part"])["dpv:hasProcess"]
    assert [law["dct:title"] for law in school["dpv:hasApplicableLaw"]] == ["AI Act 5(1)(f)"]
    assert [each["dct:identifier"] for each in bundled["dpv:hasPolicy"]] == [
        "policy:training-alone"
    ]
    assert "dpv:hasPolicy" not in school
    assert "dpv:hasApplicableLaw" not in bundled
    assert "dpv:hasApplicableLaw" not in given
    said = [
        event.get("dct:description")
        for event in record(FILES_OF["given in part"])["dpv:hasConsentStatus"]
    ]
    assert said == [None, ["At school no face is read."], ["Training has a yes of its own."]]


def test_a_withdrawal_is_of_what_stood() -> None:
    said = made.withdrawal(made.PURPOSES)
    file = made.kept(
        said, signer=made.DEVICE, outcome="withdrawn", purposes=[], withdrawn=["adapt_service"]
    )
    assert [process["dct:identifier"] for process in record(file)["dpv:hasProcess"]] == [
        "adapt_service"
    ]


def test_a_place_that_nobody_knows_is_no_term() -> None:
    """The terms that are used are held elsewhere: here, that the claim is not lost."""
    file = FILES_OF["given in a place nobody knows"]
    assert record(file)["dpv:hasJurisdiction"] == [{"@id": "loc:DE"}]
    said = record(file)["dct:description"]
    assert [words.split("`")[1] for words in said] == ["ZZ", "XX", "EU-EL", "US-ZZ"]
    assert "dct:description" not in record(made.kept())


def test_every_place_that_policies_know_has_a_term() -> None:
    file = mien_policies.directory() / "jurisdictions/jurisdictions.toml"
    table = tomllib.loads(file.read_text("utf-8"))
    known = [*table, *(f"{top}-{part}" for top in table for part in table[top].get("members", ()))]
    assert len(known) > 40
    for place in known:
        assert record(made.kept(jurisdictions=[place]))["dpv:hasJurisdiction"], place


def test_only_a_standing_consent_has_an_end() -> None:
    for name, file in FILES_OF.items():
        for event in record(file)["dpv:hasConsentStatus"]:
            kind = event["dpv:hasDuration"]["@type"]
            stands = event["@type"] in {"dpv:ConsentGiven", "dpv:RenewedConsentGiven"}
            assert kind == ("dpv:UntilTimeDuration" if stands else "dpv:IndeterminateDuration"), (
                name
            )


def who(file: ReceiptFile) -> list[str]:
    """Who indicated the first event: the kind of a new node, or the name of one that is elsewhere in the record."""
    event = record(file)["dpv:hasConsentStatus"][0]
    return [node.get("@type") or node["@id"].rpartition("-")[2] for node in event["dpv:isIndicatedBy"]]  # fmt: skip


def test_who_said_so() -> None:
    subject = f"{made.URL}/#{made.SUBJECT}"
    assert who(made.kept()) == [subject]
    assert who(FILES_OF["given by a guardian"]) == [subject, "dpv:GuardianOfDataSubject"]
    assert who(FILES_OF["revoked"]) == ["dpv:GuardianOfDataSubject"]
    assert who(FILES_OF["withdrawn with the recovery code"]) == [subject]
    assert who(FILES_OF["refused"]) == ["controller"]


def test_a_refusal_names_the_law_and_our_own_choices_apart() -> None:
    file = made.refused(laws=["AI Act 5(1)(f)", "policy:in-workplace"])
    assert [law["dct:title"] for law in record(file)["dpv:hasApplicableLaw"]] == ["AI Act 5(1)(f)"]
    policies = [policy["dct:identifier"] for policy in record(file)["dpv:hasPolicy"]]
    assert policies[1:] == ["policy:in-workplace"]
    (event,) = record(file)["dpv:hasConsentStatus"]
    assert event["dct:description"] == ["At work nobody's emotions may be inferred."]


def bases(file: ReceiptFile) -> list[set[str]]:
    return [{basis["@id"] for basis in process["dpv:hasLegalBasis"]} for process in record(file)["dpv:hasProcess"]]  # fmt: skip


def test_the_basis_is_that_of_the_place_and_the_purpose() -> None:
    gdpr = {"eu-gdpr:A9-2-a", "eu-gdpr:A6-1-a-explicit-consent"}
    assert bases(made.kept()) == [gdpr]
    assert bases(made.kept(jurisdictions=["UK"])) == [{"dpv:ExplicitlyExpressedConsent"}]
    assert bases(made.kept(jurisdictions=["EU-FR", "US-CA"])) == [gdpr | {"dpv:ExplicitlyExpressedConsent"}]  # fmt: skip
    assert bases(FILES_OF["given for a mood"]) == [{"eu-gdpr:A6-1-a-explicit-consent"}]


def test_only_europe_conforms_to_the_european_schema_and_has_its_rights() -> None:
    assert {"@id": "dpv-27560:record-eu-gdpr"} in record(made.kept())["dct:conformsTo"]
    assert {"@id": "eu-gdpr:A7-3"} in record(made.kept())["dpv:hasRight"]
    elsewhere = record(made.kept(jurisdictions=["UK"]))
    assert elsewhere["dct:conformsTo"] == [{"@id": "dpv-27560:record"}]
    assert "dpv:hasRight" not in elsewhere


def test_a_declared_mood_is_neither_seen_nor_inferred() -> None:
    (process,) = record(FILES_OF["given for a mood"])["dpv:hasProcess"]
    assert process["dpv:hasPersonalData"] == [{"@id": "pd:Mood"}]
    kinds = {node["@type"] for node in process["dpv:hasProcessing"]}
    assert not kinds & {"dpv:Observe", "dpv:Infer"}
    assert "ai:hasCapability" not in process
    assert "ai:hasAISystem" not in process


def test_the_face_is_seen_within_the_device_only() -> None:
    for process in record(everything())["dpv:hasProcess"]:
        for node in process["dpv:hasProcessing"]:
            if node["@type"] in {"dpv:Observe", "dpv:Infer"}:
                assert node["dpv:hasLocation"] == {"@id": "dpv:WithinDevice"}


def test_training_is_apart_from_everything_else() -> None:
    purposes = {process["dct:identifier"]: {node["@id"] for node in process["dpv:hasPurpose"]} for process in record(everything())["dpv:hasProcess"]}  # fmt: skip
    training = purposes.pop("contribute")
    assert training == {"dpv:ImproveExistingProductsAndServices"}
    assert all(not training & others for others in purposes.values())


def test_the_retention_is_the_notice_s() -> None:
    shown = made.notice(retention_days=7)
    name = notice_hash(shown)
    file = made.kept(made.consent(notice_sha256=name), shown=shown, notice_sha256=name)
    assert '"P7D"' in json.dumps(exported(file))


def test_a_purpose_that_the_notice_does_not_show_has_no_title() -> None:
    shown = made.notice(purposes=[{"id": "adapt_service", "title": "Anderes", "text": "Anderes."}])
    name = notice_hash(shown)
    file = made.kept(made.consent(notice_sha256=name), shown=shown, notice_sha256=name)
    (process,) = record(file)["dpv:hasProcess"]
    assert "dct:title" not in process


def test_the_name_on_a_release_and_the_keys_stay_out() -> None:
    text = json.dumps(exported(FILES_OF["given in Illinois"]))
    assert "written release" in text
    assert "Ann Example" not in text
    assert made.DEVICE.verify_key().text() not in text
    assert '"law:BIPA"' in text


def test_the_person_is_named_in_fragments_only() -> None:
    """A reader who follows an IRI sends its path to the server, never its fragment."""
    for graph in every():
        assert [node for node in named(graph) if made.SUBJECT in node.partition("#")[0]] == []


@pytest.mark.parametrize("file", [made.withdrawn(shown=None), made.kept(made.removal(), signer=made.DEVICE)])  # fmt: skip
def test_what_no_record_can_be_made_of_is_refused(file: ReceiptFile) -> None:
    with pytest.raises(ReceiptInvalid):
        exported(file)
