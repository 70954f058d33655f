"""What a stranger writes against clients that openapi-python-client makes from the documents of a running system."""

import sys

from orchestrator_client import AuthenticatedClient, Client
from orchestrator_client.api.default import (
    orchestrator_cancel_order,
    orchestrator_clear_fault,
    orchestrator_get_order,
    orchestrator_list_orders,
    orchestrator_place_order,
    orchestrator_retry_order,
    orchestrator_set_fault,
)
from orchestrator_client.models import (
    FaultOperation,
    FaultState,
    FaultType3,
    Line,
    MoneyReply,
    Order,
    OrchestratorListOrdersResponse200,
    OrchestratorRetryOrderBody,
    PaymentMethod,
    PlaceOrder,
    PlaceOrderPayment,
    Problem,
    RunStatus,
)
from payment_service_client import Client as PaymentClient
from payment_service_client.api.default import payment_order_payments, payment_refund
from payment_service_client.models import (
    PaymentOrderPaymentsResponse200,
    PaymentRefundBody,
    PaymentRefundResponse200,
)

orchestrator, payment, token = sys.argv[1:]
shop = Client(base_url=orchestrator)
operator = AuthenticatedClient(base_url=orchestrator, token=token)

body = PlaceOrder(
    customer_id="ada",
    lines=[Line(sku="mug", quantity=2)],
    payment=PlaceOrderPayment(method=PaymentMethod.CARD, token="tok_ok"),
)


def place() -> str:
    placed = orchestrator_place_order.sync(client=shop, body=body, prefer="wait=30")
    assert isinstance(placed, Order), placed
    return placed.order_id


def list_ids(cursor: str | None = None) -> list[str]:
    if cursor is None:
        page = orchestrator_list_orders.sync(client=shop, limit=1)
    else:
        page = orchestrator_list_orders.sync(client=shop, limit=1, cursor=cursor)
    assert isinstance(page, OrchestratorListOrdersResponse200), page
    ids = [order.order_id for order in page.orders]
    return ids if page.next_cursor is None else ids + list_ids(page.next_cursor)


ids = [place(), place(), place()]
order = orchestrator_get_order.sync(ids[0], client=shop)
assert isinstance(order, Order) and order.status is RunStatus.COMPLETED, order
assert isinstance(order.total, MoneyReply) and order.total.amount_minor == 2400, order
assert list_ids() == ids[::-1]

late = orchestrator_cancel_order.sync(ids[0], client=shop)
assert isinstance(late, Problem) and late.code == "already-settled", late

why = OrchestratorRetryOrderBody(reason="to see")
wrong = AuthenticatedClient(base_url=orchestrator, token="wrong")
for who, code in [(wrong, "unauthorized"), (operator, "nothing-to-retry")]:
    refused = orchestrator_retry_order.sync(ids[0], client=who, body=why)
    assert isinstance(refused, Problem) and refused.code == code, refused

target = FaultOperation.PAYMENT_PROCESS
fault = orchestrator_set_fault.sync(target, client=operator, body=FaultType3(kind="reset"))
assert isinstance(fault, FaultState) and fault.fault is not None, fault
fault = orchestrator_clear_fault.sync(target, client=operator)
assert isinstance(fault, FaultState) and fault.fault is None, fault

payments = PaymentClient(base_url=payment)
held = payment_order_payments.sync(ids[1], client=payments)
assert isinstance(held, PaymentOrderPaymentsResponse200), held
assert [paid.amount.amount_minor for paid in held.payments] == [2400], held
refund = payment_refund.sync(
    client=payments,
    body=PaymentRefundBody(order_id="ord_none"),
    idempotency_key="ord_none:pay",
)
assert isinstance(refund, PaymentRefundResponse200) and refund.order_id == "ord_none", refund
