"""The Question: what is asked of the incidents, and the Answer that every door shows."""

from geo.question.answer import Answer, StoreFacts
from geo.question.ask import answer, ask
from geo.question.model import Question

__all__ = ["Answer", "Question", "StoreFacts", "answer", "ask"]
