"""Common given names of the United Kingdom, by which a person’s full name is known from a place’s.

Those that are as often a word, a surname or a place (Grace, Kelly, Chester, May) are left out.
"""

from __future__ import annotations

from typing import Final

_NAMES: Final = """
aaron abdul abdullah abigail adam adrian agnes ahmed aidan aisha alan albert alex alexander
alexandra alfie ali alice alison amanda amelia amina amy andrea andrew andrzej angela anita ann
anna anne annie anthony antonia archie arjun arthur asif audrey ayesha barbara barry ben
benjamin bernadette bernard beth bethany brenda brian bridget callum cameron carl carol caroline
catherine charles charlie charlotte cheryl chloe chris christina christine christopher claire
clare colin connor craig cynthia daniel danielle darren dave david dawid deborah debra deepak
denise dennis derek diana diane dominic donald donna doreen dorothy dylan eddie edward eileen
elaine eleanor elizabeth ella ellie emily emma eric erin ethan eva evelyn ewa fatima fatimah
farah fiona freddie frederick gareth gary gavin gemma geoff geoffrey george georgina gerald
geraldine gillian gordon graham gurpreet hamza hannah hardeep harjit harriet harry hassan hayley
helen henry hilary howard hugh hussain ian ibrahim imran irene isaac isabel isabella isla jacob
jacqueline jagdeep james jamie jan jane janet janice jasmine jason javed jean jeffrey jennifer
jenny jeremy jessica jill jim joan joanna joanne joe joel john johnny jonathan jose joseph
josephine josh joshua joyce judith julia julian julie karen karl kate katarzyna katherine
kathleen kathryn katie keith kelvin kenneth kerry kevin khadija kieran kim kimberley kirsty
krishna krzysztof laura lauren leanne leo leon leonard lesley lewis liam linda lisa logan
lorraine louis louise lucas lucy luke lynn lynne magdalena malcolm malgorzata manjit marcus
margaret maria marian marie marion mariam martin martyn mary maryam mateusz matthew maureen
megan melanie melissa michael michelle miriam mohamed mohammad mohammed molly monica muhammad
mustafa naomi natalie natasha nathan neil nicholas nicola nigel noah norman olivia omar oscar
osman owen pamela patricia patrick paul paula pauline pawel peter philip phillip philippa
phoebe piotr priya rachel rajesh rajinder ralph rebecca reginald richard robert roberta robin
roger ronald rosemary roy ruth ryan sabrina sally sam samantha samuel sandeep sandra sanjay
sarah sean sebastian shabana shannon sharon sheila simon sofia sonia sophia sophie stacey
stephanie stephen steve steven stuart sukhdeep sunita susan suzanne sylvia tariq teresa terence
theresa thomas tim timothy tina tomasz toby tom tony tracey tracy trevor valerie vanessa
veronica victor vijay vincent wendy william yasmin yusuf yvonne zachary zahra zainab zoe
"""

GIVEN_NAMES: Final[frozenset[str]] = frozenset(_NAMES.split())
"""In small letters."""
