-- Rasa keeps its cache of conversations apart from the record.
CREATE DATABASE tracker;
