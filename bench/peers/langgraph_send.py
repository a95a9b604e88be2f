"""The workload of a cell in LangGraph: one node for each session by Send, at most SLOTS at once. TASKS SLOTS LATENCY_MS."""

import asyncio
import json
import operator
import sys
import time
from typing import Annotated, TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.types import Send


class State(TypedDict):
    tasks: int
    right: Annotated[list, operator.add]


class Session(TypedDict):
    place: int


LATENCY = float(sys.argv[3]) / 1000


async def session(state: Session):
    await asyncio.sleep(LATENCY)
    place = state["place"]
    return {"right": [json.loads('{"number":%d,"verdict":"good","notes":["short","clear"]}' % place)["number"] == place]}


def spread(state: State):
    return [Send("session", {"place": place}) for place in range(state["tasks"])]


async def main(tasks, slots):
    graph = StateGraph(State)
    graph.add_node("session", session)
    graph.add_conditional_edges(START, spread, ["session"])
    graph.add_edge("session", END)
    app = graph.compile()
    began, used = time.perf_counter(), time.process_time()
    done = await app.ainvoke({"tasks": tasks, "right": []}, {"max_concurrency": slots})
    assert sum(done["right"]) == tasks
    print(json.dumps({"makespan_s": time.perf_counter() - began, "cpu_s": time.process_time() - used}))


asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
