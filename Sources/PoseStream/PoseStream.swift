import Crypto
import Yams
import Logging
import DequeModule
