import Continual
