"""Mutation operators: one small class for each kind of fault, with examples."""

from qeforge.analysis.operators.arithmetic import ArithmeticOperator, AugmentedAssignment
from qeforge.analysis.operators.base import Edit, Operator, Text
from qeforge.analysis.operators.calls import DroppedDecorator, DroppedKeyword, SliceBound
from qeforge.analysis.operators.comparison import Comparison
from qeforge.analysis.operators.constants import Default, Number, String
from qeforge.analysis.operators.flow import DroppedCall, EmptyLoop, LoopControl, ReturnNone, UncaughtException
from qeforge.analysis.operators.logic import BooleanOperator, ConditionalArm, NegatedCondition, TruthValue, Unary

OPERATORS: tuple[Operator, ...] = (
    ArithmeticOperator(),
    AugmentedAssignment(),
    Comparison(),
    BooleanOperator(),
    NegatedCondition(),
    Unary(),
    TruthValue(),
    ConditionalArm(),
    Number(),
    String(),
    Default(),
    LoopControl(),
    EmptyLoop(),
    UncaughtException(),
    ReturnNone(),
    DroppedCall(),
    DroppedKeyword(),
    SliceBound(),
    DroppedDecorator(),
)
"""All of them, in the order in which mutants at one place are listed."""

__all__ = ["OPERATORS", "Edit", "Operator", "Text"]
