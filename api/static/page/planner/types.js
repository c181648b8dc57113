// Payloads between the service and the page of a plan; `api/planner/payload.py` declares the same.
// @ts-check

/**
 * @typedef {object} Area
 * @property {string} code
 * @property {string} name
 * @property {number | null} members
 * @property {boolean} locked
 * @property {string} why why it is drawn as it is, "" for nothing written
 */

/** @typedef {Record<string, number | string | boolean | null>} Row The measures of one area. */

/**
 * @typedef {object} Equality How equal the votes of a council are, for one of its electorates.
 * @property {number | null} average electors per member
 * @property {number} areas
 * @property {number} notable areas beyond ±10 %
 * @property {number} extreme areas beyond ±30 %
 * @property {boolean} review whether they meet the criteria for a review
 */

/**
 * @typedef {object} Council
 * @property {number | null} size members of the whole council, null where that is not set
 * @property {number} members whom the areas elect
 * @property {Record<string, Equality>} equality by column of electors
 */

/**
 * @typedef {object} CouncilOption What a council size would mean for the areas as they are drawn.
 * @property {number} size
 * @property {Record<string, number>} averages electors per member, by column of electors
 * @property {number} fewest_wards
 * @property {number} most_wards
 * @property {string} why why the seats cannot be shared out, "" if they can
 * @property {Record<string, {areas: number, notable: number, extreme: number, review: boolean}>} triggers
 * @property {Row[]} areas in the order of the areas: entitlement, seats, variances
 */

/** @typedef {{electorate: string, pattern: string, areas: Row[], options: CouncilOption[]}} CouncilOptions */

/**
 * @typedef {object} Splits What the boundaries split, of one kind of thing.
 * @property {string} kind
 * @property {number} before
 * @property {number} now
 * @property {{name: string, areas: string[]}[]} split
 */

/** @typedef {{name: string, ends: [string, string], metres: number}} Bridge */

/**
 * @typedef {object} PlanStatus How a plan stands: what every step can change.
 * @property {number} version
 * @property {number} steps
 * @property {number[]} undone numbers of the steps that were undone and not redone
 * @property {Record<string, string>} undo what each planner would undo, by name
 * @property {Record<string, string>} redo likewise; under "" what anybody may redo
 * @property {Area[]} areas
 * @property {Council} council
 * @property {{method: string, made_by: string, made_on: string}} forecast how the forecast was made, "" for nothing written
 * @property {{area: string, pieces: string[][]}[]} broken
 * @property {{blocks: string[], sums: Record<string, number>}} unassigned
 * @property {Bridge[]} bridges
 * @property {{kind: string, areas: string[], text: string, blocks: string[]}[]} warnings what a review would ask about
 * @property {Splits[]} splits
 */

/**
 * @typedef {object} Past One step of the history.
 * @property {number} step
 * @property {string} at
 * @property {string} by
 * @property {string} kind
 * @property {string} what
 * @property {string} reason
 * @property {boolean} forced
 * @property {boolean} in_force
 */

/**
 * @typedef {object} PlanState A plan as it is opened.
 * @property {string} plan_id
 * @property {string} title
 * @property {string} blocks_layer
 * @property {string} base_layer
 * @property {string} begun_at when it began: another plan of the same id began at another time
 * @property {string[]} codes the blocks
 * @property {Record<string, number[]>} figures what is known of each block
 * @property {string[]} start area code of each block when the plan began
 * @property {string[]} assigned and now
 * @property {{areas: Area[], rows: Record<string, Row>, council: Council, bridges: Bridge[]}} before
 * @property {Record<string, Row>} rows
 * @property {PlanStatus} status
 * @property {Past[]} history
 * @property {string[]} caveats
 * @property {string[]} averaged figures that do not add up
 * @property {Record<string, string>} titles of figures that are measures
 */

/**
 * @typedef {object} Change What a step changed.
 * @property {PlanStatus} status
 * @property {Record<string, string>} blocks area code by block
 * @property {Record<string, Row>} rows of the areas whose measures are others now
 * @property {Past[]} history the steps added to it
 */

/**
 * @typedef {object} Problem A refusal of the service.
 * @property {string} detail
 * @property {number} status
 * @property {string} [conflict] "version", "overlap", "pieces", "bridge" or "personal"
 * @property {string} [area]
 * @property {string[][]} [pieces]
 * @property {string} [mine] what the refused step would do
 * @property {Record<string, string>} [moves] the new area of each block that it would move
 * @property {{step: number, by: string, at: string, what: string, blocks: Record<string, string>}[]} [theirs] steps of others that it meets
 */

/**
 * @typedef {object} Suggestion A move that improves the balance and makes nothing worse.
 * @property {string} block_code
 * @property {string} from_area
 * @property {string} to_area
 * @property {number | null} from_off how far each area is then from balance; 0.1 is ten per cent
 * @property {number} to_off
 */

/**
 * @typedef {object} Alternative The best plan that one round of a search found.
 * @property {number} version of the plan that it started from
 * @property {string} balance the column that was balanced
 * @property {number} seed
 * @property {Record<string, string>} targets new area by block
 * @property {[number, number]} imbalance before and after
 * @property {[number, number]} furthest largest deviation of an area, before and after
 * @property {[number, number]} cut_edges
 */

/**
 * @typedef {object} Kept How far a plan keeps communities whole.
 * @property {string} people the column that counts people, "" for none
 * @property {number} whole
 * @property {{name: string, blocks: number, areas: number, area_code: string, blocks_in_largest: number, whole: boolean, people?: number, people_in_largest?: number}[]} communities
 */

/**
 * @typedef {object} FitSummary How far a plan fits the areas of another layer, as it began or now.
 * @property {number} areas that have blocks
 * @property {number} whole of these in one area of the layer
 * @property {number | null} blocks_share where most of their area lies, 0 to 1
 * @property {number | null} people_share
 */

/**
 * @typedef {object} Between A block that does not lie where most of its area does, or lies across the line.
 * @property {string} block_code
 * @property {string} area_code
 * @property {string} target_code where it lies for the most part
 * @property {number} share of its surface there
 * @property {string} across the area that it straddles into, "" for none
 * @property {string} kind "elsewhere" or "straddling"
 * @property {string} other_area the area beside it on the other side, "" for none
 * @property {number | null} people
 * @property {number} decided number of the step that decided on it, 0 for none
 */

/**
 * @typedef {object} Fit How far a plan fits the areas of another layer.
 * @property {string} target
 * @property {Record<string, string>} names of the areas of the layer
 * @property {string} people the column that counts people, "" where none does
 * @property {FitSummary} before
 * @property {FitSummary} now
 * @property {{area_code: string, area_name: string, target_code: string, target_name: string, targets: number, blocks: number, blocks_within: number, people: number | null, people_within: number | null, straddling: number, whole: boolean}[]} areas
 * @property {Between[]} between
 * @property {{from_name: string, to_name: string, blocks: number, people: number | null}[]} changes
 */

/**
 * @typedef {object} UnitsState The areas of a layer as sets of blocks.
 * @property {Record<string, string>} names by code
 * @property {string[]} area the unit of each block, "" for none
 * @property {string[]} straddling codes of blocks across a line of the layer
 */

/**
 * @typedef {object} Comment What somebody said of the plan, or of a place in it.
 * @property {number} number
 * @property {string} name of whoever said it, "" where not known
 * @property {string} date as 2026-05-01, "" where not known
 * @property {string} comment
 * @property {string} area_code that it names or lies in, "" for none
 * @property {string} block_code that it lies in, "" for none
 * @property {boolean} outside whether its place is in no block
 * @property {number | null} longitude
 * @property {number | null} latitude
 */

/**
 * @typedef {object} ImportedComments What became of the rows of a file.
 * @property {string} file
 * @property {number} read
 * @property {number} added
 * @property {number} known added before
 * @property {number} rejected
 * @property {{line: number, reason: string}[]} rejects the first of them
 * @property {string[]} unread columns
 */

/**
 * @typedef {object} News What is new about a plan.
 * @property {number | null} version null where the plan was deleted
 * @property {string[]} here the others who have it open, "" for whoever has no name
 */

/** @typedef {Record<string, unknown> & {step: string}} Step */

export {};
