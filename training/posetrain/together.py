"""One run in several processes of the same machine: each computes its part of every batch, and all take the mean of the gradients.

On a CPU augmentation and all the small operations go side by side like this, too, and nobody waits after each layer, only once a step. Batch norm sees the process's own part of a batch.
"""

import os
import signal
import tempfile

import torch
import torch.distributed as distributed


class Together:
    """What the loop asks of the others; with one process there are none and every answer is its own."""

    def __init__(self, rank=0, count=1, meeting=None):
        self.rank, self.count = rank, count
        if count > 1:
            distributed.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=count)

    @property
    def first(self):
        """Whether this process writes files and reports."""
        return self.rank == 0

    def part(self, batch):
        """Its part of a batch (anything that is sliced by samples)."""
        return batch[self.rank::self.count]

    def seed(self, *numbers):
        """Another one in every process; in a run of one process the numbers themselves."""
        return (*numbers, self.rank) if self.count > 1 else numbers

    def same(self, *networks):
        """The first process's weights and statistics for all."""
        if self.count > 1:
            for network in networks:
                for tensor in network.state_dict().values():
                    distributed.broadcast(tensor, 0)

    def agree(self, parameters, wish):
        """Replaces the gradients by their mean over the processes. Whether any of them wishes to stop."""
        if self.count == 1:
            return wish
        gradients = [p.grad for p in parameters if p.grad is not None]
        everything = torch.cat([*(g.flatten() for g in gradients), torch.tensor([float(wish)])])
        distributed.all_reduce(everything)
        mean = (everything[:-1] / self.count).split([g.numel() for g in gradients])
        for gradient, value in zip(gradients, mean):
            gradient.copy_(value.view(gradient.shape))
        return everything[-1].item() > 0


def _member(rank, count, meeting, work, arguments):
    work(*arguments, together=Together(rank, count, meeting))


def run_together(count, work, *arguments):
    """Calls `work(*arguments, together=...)` in `count` processes and waits. SIGTERM goes on to all of them."""
    with tempfile.TemporaryDirectory() as folder:
        members = torch.multiprocessing.start_processes(_member, (count, os.path.join(folder, "meeting"), work, arguments), count, join=False, start_method="spawn")
        signal.signal(signal.SIGTERM, lambda *_: [os.kill(pid, signal.SIGTERM) for pid in members.pids()])
        while not members.join():  # false after each that ends; raises what one of them raised, and ends the others
            pass
