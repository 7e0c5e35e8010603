from diffshape import data as data
from diffshape import fields as fields
from diffshape import fitting as fitting
from diffshape import losses as losses
from diffshape import metrics as metrics
from diffshape import models as models
from diffshape import ops as ops
from diffshape import report as report
from diffshape import training as training

__version__: str
