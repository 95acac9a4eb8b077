"""Requests and answers of the API, as types; openapi.json is made from them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

MAX_RESULTS = 100


def _whole(value: Any) -> Any:
    """24.0 is an integer to JSON Schema, not to Python."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


ProductId = Annotated[str, Field(min_length=1, max_length=128, description="id of a product")]
Query = Annotated[str, Field(max_length=500, description="what is searched for")]
Count = Annotated[
    int, Field(ge=1, le=MAX_RESULTS, description="results at the most"),
    BeforeValidator(_whole)]
Price = Annotated[float, Field(ge=0, le=1e12)]


class Request(BaseModel):
    """What a caller sends: nothing but what is named."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Answer(BaseModel):
    """What the gateway answers."""

    model_config = ConfigDict(allow_inf_nan=False)


class SearchRequest(Request):
    """A search, perhaps narrowed."""

    q: Query = ""
    k: Count = 24
    brand: list[Annotated[str, Field(max_length=200)]] = Field(
        default=[], max_length=50, description="any of these brands")
    category: str = Field(
        default="", max_length=500, description="a category and those below it: `A > B`")
    price_min: Price | None = None
    price_max: Price | None = None
    typing: bool = Field(
        default=False, description="the query is not finished: it is not counted among queries")


class HistoryItem(Request):
    """A product that the shopper did something with."""

    product_id: ProductId
    event: Literal["", "view", "click", "cart", "purchase", "rating"] = Field(
        default="", description='the strongest thing done, "" for unknown')
    age_days: float = Field(
        default=-1.0, ge=-1, le=1e6, description="days since then, below 0 for unknown")


class ShopperContext(Request):
    """What is known of a shopper; any part may be empty."""

    history: list[HistoryItem] = Field(default=[], max_length=200, description="oldest first")
    profile: str = Field(default="", max_length=2000, description="free text")
    query: Query = ""
    exclude: list[ProductId] = Field(
        default=[], max_length=500, description="products that are not to be answered")


class RecommendRequest(ShopperContext):
    """Asks for recommendations."""

    k: Count = 24


class SimilarRequest(Request):
    """Asks for products like one."""

    product_id: ProductId
    k: Count = 12


class ExplainRequest(ShopperContext):
    """Asks why a product is answered in a context."""

    product_id: ProductId


class ProductRequest(Request):
    """Names a product."""

    product_id: ProductId


class NoRequest(Request):
    """Takes nothing."""


class FeedbackEvent(Request):
    """Something that a shopper saw or did."""

    user_id: str = Field(min_length=1, max_length=128)
    product_id: ProductId
    event: Literal["impression", "click", "cart", "purchase"]
    query: Query = ""
    session_id: str = Field(default="", max_length=128)
    value: float | None = Field(default=None, ge=0, le=1e6, description="quantity of a purchase")


class FeedbackRequest(Request):
    """Events, in the order in which they happened."""

    events: list[FeedbackEvent] = Field(min_length=1, max_length=100)


class FeedbackAnswer(Answer):
    """What became of the events."""

    accepted: int
    unknown_products: int = Field(
        description="events of products that the catalogue lacks, not kept")


class Card(Answer):
    """What a list shows of a product."""

    product_id: str
    title: str
    brand: str
    category: list[str]
    price: float | None
    image: str | None


class Item(Card):
    """A product of an answer."""

    rank: int
    score: float = Field(
        description="share of a softmax over all candidates; compares products of one answer")


class ProductAnswer(Card):
    """Everything that the page shows of a product."""

    description: str
    attributes: dict[str, str]


class BrandCount(Answer):
    """Products of a brand."""

    brand: str
    count: int


class CategoryCount(Answer):
    """Products of a category."""

    category: list[str]
    count: int


class PriceRange(Answer):
    """Lowest and highest price."""

    min: float
    max: float


class FacetsAnswer(Answer):
    """Counts over the candidates, each without regard to its own filter."""

    brands: list[BrandCount]
    categories: list[CategoryCount]
    prices: PriceRange | None


class ListAnswer(Answer):
    """Products, best first."""

    items: list[Item]


class SearchAnswer(ListAnswer):
    """Products for a query, best first."""

    total: int = Field(description="products found that meet the filters; items holds the first k")
    considered: int = Field(description="candidates that the model gave")
    facets: FacetsAnswer


class ContextPart(Answer):
    """What one part of the context does: the answer without it."""

    part: Literal["query", "history", "profile", "history item"]
    product_id: str | None = Field(description="of a history item")
    title: str | None = Field(description="of a history item")
    rank_without: int | None = Field(description="null where the product is no answer any more")
    score_without: float | None
    effect: Literal["decisive", "helps", "none", "lowers"]


class SharedWords(Answer):
    """Words of the context that are words of the product."""

    part: Literal["query", "profile", "history item"]
    product_id: str | None
    title: str | None
    words: list[str]


class ExplainAnswer(Answer):
    """Why a product is answered: what the model server answers with and without parts."""

    product_id: str
    rank: int | None = Field(description="null where it is not among the candidates")
    score: float | None
    candidates: int
    parts: list[ContextPart]
    words: list[SharedWords]


class Shopper(Answer):
    """An example of a shopper."""

    name: str
    profile: str
    history: list[Card] = Field(description="oldest first")


class ShoppersAnswer(Answer):
    """Examples of shoppers."""

    shoppers: list[Shopper]


class HealthAnswer(Answer):
    """The process answers."""

    status: Literal["ok"]


class ReadyAnswer(Answer):
    """The model server has a version that answers."""

    status: Literal["ready"]
    version: int
    products: int


class ErrorAnswer(Answer):
    """Why there is no answer."""

    error: str


class VersionAnswer(Answer):
    """A version of the model."""

    version: int
    state: str
    error: str


class EndpointTraffic(Answer):
    """Requests of one endpoint since the start; percentiles of its last requests."""

    endpoint: str
    requests: int
    client_errors: int
    server_errors: int
    p50_ms: float
    p90_ms: float
    p99_ms: float


class QueryCount(Answer):
    """A query, with what tells who wrote it masked."""

    query: str
    count: int


class TableQuality(Answer):
    """What governance says of a table."""

    table: str
    rows: int
    kept: int
    quarantined: int
    score: float


class OperatorAnswer(Answer):
    """What the operator's page shows."""

    model_server: str
    model_error: str
    versions: list[VersionAnswer]
    serving_version: int | None
    signatures: list[str]
    uptime_seconds: float
    catalogue_products: int
    catalogue_stale: bool
    minutes: list[int] = Field(description="requests a minute, oldest first, this minute last")
    endpoints: list[EndpointTraffic]
    top_queries: list[QueryCount]
    empty_queries: list[QueryCount]
    quality: list[TableQuality]
