public enum BCLScriptModule {}
