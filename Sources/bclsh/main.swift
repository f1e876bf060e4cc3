import Engine
print(Torch.version)
