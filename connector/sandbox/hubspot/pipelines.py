"""The pipelines that deals and leads go through, and what their stages mean."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of a pipeline; `probability`, of a deal's, in tenths as text."""

    id: str
    label: str
    probability: str = ""
    is_last: bool = False

    @property
    def is_closed(self) -> bool:
        """Whether a deal in this stage is won or lost, or a lead is qualified or not."""
        return self.is_last or self.probability in {"0.0", "1.0"}


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The one pipeline of an object type; the properties that hold it and the stage."""

    id: str
    label: str
    property: str
    stage_property: str
    stages: tuple[Stage, ...]

    def stage(self, id_: str) -> Stage | None:
        """Return a stage by its id."""
        return next((stage for stage in self.stages if stage.id == id_), None)


DEALS = Pipeline(
    "default",
    "Sales Pipeline",
    "pipeline",
    "dealstage",
    (
        Stage("qualifiedtobuy", "Qualified To Buy", "0.2"),
        Stage("presentationscheduled", "Demo Scheduled", "0.4"),
        Stage("decisionmakerboughtin", "Proposal", "0.6"),
        Stage("contractsent", "Negotiation", "0.8"),
        Stage("closedwon", "Closed Won", "1.0"),
        Stage("closedlost", "Closed Lost", "0.0"),
    ),
)
LEADS = Pipeline(
    "lead-pipeline-id",
    "Lead Pipeline",
    "hs_pipeline",
    "hs_pipeline_stage",
    (
        Stage("new-stage-id", "New"),
        Stage("attempting-stage-id", "Attempting"),
        Stage("connected-stage-id", "Connected"),
        Stage("qualified-stage-id", "Qualified", is_last=True),
        Stage("unqualified-stage-id", "Disqualified", is_last=True),
    ),
)
PIPELINES = {"deals": DEALS, "leads": LEADS}
